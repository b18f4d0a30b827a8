import type { AuditBody } from "#lib/contracts/audit.ts";
import type { GateResult } from "#lib/contracts/operation.ts";

interface Refused {
  id: string;
  title: string;
  environment: string;
  reason: string;
  by: AuditBody["actor"];
  bigPods: readonly string[];
}

/** The entry of an operation that may not begin although it was accepted: nothing was changed. */
export function refusalEntry({ id, title, environment, reason, by, bigPods }: Refused, asker: string, sentence: string, found: { gates?: readonly GateResult[]; difference?: readonly string[] }): AuditBody {
  return {
    action: "operation.refuse",
    outcome: "failed",
    actor: by,
    environment,
    bigPods: [...bigPods],
    operationId: id,
    summary: `${title} (${asker}): refused. ${sentence}`.slice(0, 2000),
    reason,
    before: null,
    after: {
      status: "refused",
      ...(found.difference === undefined ? {} : { difference: found.difference }),
      ...(found.gates === undefined ? {} : { gates: found.gates.filter((gate) => gate.verdict !== "pass").map(({ title: name, verdict, evidence, overruled }) => ({ gate: name, verdict, evidence, overruled })) }),
    },
  };
}
