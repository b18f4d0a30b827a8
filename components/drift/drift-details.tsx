"use client";

import Link from "next/link";
import type { Drift } from "#lib/contracts/drift.ts";
import { returnAction, wantedBy } from "#components/drift/drift-words.ts";
import { Time } from "#components/patterns/time.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { openDialog } from "#components/plan/plan-navigation.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";

interface DriftProps {
  environment: string;
  drift: Drift;
  /** Title of the Big Pod. */
  title: string;
}

/** What differs, line by line, and what it differs from. */
export function DriftDifferences({ drift }: Pick<DriftProps, "drift">) {
  return (
    <>
      <ul aria-label="What differs from what is wanted" className="min-w-0 text-sm">
        {drift.differences.map((line) => (
          <li key={line} className="break-words">
            {line}
          </li>
        ))}
      </ul>
      <p className="min-w-0 text-xs text-muted">
        by {drift.by}, <Time at={drift.since} /> · wanted since <Time at={drift.wanted.at} />:{" "}
        {drift.wanted.operationId === null ? (
          wantedBy(drift)
        ) : (
          <Link href={`/operations/${drift.wanted.operationId}`} prefetch={false} className="underline decoration-line-strong underline-offset-2 hover:text-text">
            {wantedBy(drift)}
          </Link>
        )}
      </p>
    </>
  );
}

/** The choice: back to what is wanted, or this is what is wanted. */
export function DriftButtons({ environment, drift, title }: DriftProps) {
  const refused = useRefusal();
  const back = returnAction(environment, drift, title, refused);
  return (
    <div className="flex flex-wrap items-center gap-2 pt-1 max-md:flex-col max-md:items-stretch">
      {back ? (
        <PlanButton size="small" request={back.request} disabledBecause={back.disabledBecause}>
          {back.title}
        </PlanButton>
      ) : (
        <span className="text-xs text-muted">No release holds what is wanted: nothing to return to.</span>
      )}
      <Button size="small" aria-haspopup="dialog" disabledBecause={refused("drift.adopt", environment, `Adopting what runs in ${environment}`)} onClick={() => openDialog("do", `adopt:${environment}/${drift.bigPod}`)}>
        Adopt what runs…
      </Button>
    </div>
  );
}
