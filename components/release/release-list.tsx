"use client";

import Link from "next/link";
import type { Quarantine } from "#lib/contracts/operation.ts";
import type { ReleaseSummary } from "#lib/contracts/release.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Digest } from "#components/patterns/digest.tsx";
import { Time } from "#components/patterns/time.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { QuarantineMarks } from "#components/quarantine/quarantine-marks.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";

interface ReleaseListProps {
  environment: string;
  /** Environment that is promoted to from here; null for the last one. */
  next: string | null;
  releases: readonly ReleaseSummary[];
  /** In quarantine now, in any environment. */
  quarantines?: readonly Quarantine[];
  /** Show the images of this Big Pod only. */
  only?: string;
}

/** Releases of one environment, newest first. What runs now is marked; every other one is a way back. */
export function ReleaseList({ environment, next, releases, quarantines = [], only }: ReleaseListProps) {
  const running = useSnapshot().releases.find((known) => known.environment === environment);
  const refused = useRefusal();
  if (releases.length === 0) {
    return (
      <Absence kind="empty" title={`No release of ${environment} is recorded yet`}>
        A release is recorded as soon as what runs there has settled.
      </Absence>
    );
  }
  return (
    <ul className="border-t border-line" aria-label={`Releases of ${environment}`}>
      {releases.map((release) => {
        const held = quarantines.filter((quarantine) => quarantine.release === release.number);
        const heldForNext = held.find((quarantine) => quarantine.environment === next);
        const current = running ? running.release === release.number && release.current : release.current;
        return (
          <li key={release.contentHash} data-release={release.number} className="grid gap-x-4 gap-y-1 border-b border-line px-1 py-2.5 md:grid-cols-[88px_minmax(0,1fr)_auto]">
            <span>
              <Link href={`/releases/${release.number}`} prefetch={false} className="font-semibold hover:underline">
                R-{release.number}
              </Link>
              {current ? <span className="ml-2 text-xs font-semibold text-ok md:ml-0 md:block">runs now</span> : null}
            </span>
            <div className="min-w-0">
              <ul className="flex flex-wrap gap-x-4 gap-y-0.5 text-sm">
                {release.bigPods
                  .filter((bigPod) => only === undefined || bigPod.bigPod === only)
                  .map((bigPod) => (
                    <li key={bigPod.bigPod} className="inline-flex items-baseline gap-1.5">
                      {only === undefined ? <span className="text-muted">{bigPod.bigPod}</span> : null}
                      {bigPod.version ?? "no version"}
                      {only === undefined ? null : bigPod.images.map((image) => <Digest key={image.container} digest={image.digest} label={`digest of ${image.container}`} />)}
                    </li>
                  ))}
              </ul>
              <p className="text-xs text-muted">
                {release.operationId ? (
                  <Link href={`/operations/${release.operationId}`} prefetch={false} className="underline decoration-line-strong underline-offset-2 hover:text-text">
                    by an operation
                  </Link>
                ) : (
                  `by ${release.by}`
                )}
                {" · seen "}
                <Time at={release.seenAt} />
                {" · "}
                {release.healthyAt ? (
                  <>
                    healthy, last <Time at={release.healthyAt} />
                  </>
                ) : (
                  <span className="text-warn">never seen healthy here</span>
                )}
              </p>
              <QuarantineMarks quarantines={held} />
            </div>
            <div className="flex flex-wrap items-start gap-2">
              {current ? null : (
                <PlanButton size="small" request={{ kind: "rollback", environment, release: release.number }} disabledBecause={refused("operation.request.rollback", environment, `Rolling back ${environment}`)}>
                  Roll back {environment} to R-{release.number}
                </PlanButton>
              )}
              {current && next !== null ? (
                <PlanButton size="small" tone="go" request={{ kind: "promotion", from: environment, to: next }} disabledBecause={refused("operation.request.promotion", next, `Promoting to ${next}`) ?? (heldForNext ? `It is in quarantine for ${next}: lift that first.` : null)}>
                  Promote R-{release.number} to {next}
                </PlanButton>
              ) : null}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
