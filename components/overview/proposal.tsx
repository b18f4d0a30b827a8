import Link from "next/link";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { useRefusal } from "#components/query/permissions.tsx";

/** A promotion that went wrong while it was watched: what was seen, and the way back. One click opens the plan, the next runs it. */
export function Proposal({ environment, proposal }: { environment: string; proposal: NonNullable<EnvironmentGuard["proposal"]> }) {
  const refused = useRefusal();
  return (
    <section aria-label={`Proposal for ${environment}`} data-proposal={environment} className="grid grid-cols-[16px_minmax(0,1fr)] items-start gap-x-2.5 gap-y-1.5 rounded-[10px] border border-warn bg-warn-wash px-3.5 py-2.5 md:grid-cols-[16px_minmax(0,1fr)_auto]">
      <StatusIcon shape="triangle" tone="warn" className="mt-1" />
      <div className="min-w-0">
        <p className="font-semibold">{proposal.sentence}</p>
        <ul className="text-sm text-muted" aria-label="Evidence">
          {proposal.evidence.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <p className="text-xs text-muted">
          Seen <Time at={proposal.at} /> · after{" "}
          <Link href={`/operations/${proposal.operationId}`} prefetch={false} className="underline decoration-line-strong underline-offset-2 hover:text-text">
            this promotion
          </Link>
        </p>
      </div>
      {proposal.release === null ? null : (
        <PlanButton tone="danger" className="max-md:col-start-2" request={{ kind: "rollback", environment, release: proposal.release }} disabledBecause={refused("operation.request.rollback", environment, `Rolling back ${environment}`)}>
          Roll back {environment} to R-{proposal.release}
        </PlanButton>
      )}
    </section>
  );
}
