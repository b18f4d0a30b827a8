import { setTimeout as sleep } from "node:timers/promises";
import { operationSchema } from "#lib/contracts/operation.ts";
import type { Operation, OperationStep } from "#lib/contracts/operation.ts";
import { operationPresentation, terminalOperationStatuses } from "#lib/domain/status.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { duration, inert, toned } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";

const askEveryMs = 1_000;

/**
 * Shows an operation until it has ended, each step as it ends and what the running one waits for. A portal that is away meanwhile is asked again:
 * the operation does not need it. Throws CommandEnd "unreachable" when nothing was learnt within `timeoutSeconds`.
 */
export async function followOperation(session: Session, id: string, timeoutSeconds: number): Promise<Operation> {
  const { client, output, signal } = session;
  const until = performance.now() + timeoutSeconds * 1000;
  const told = new Map<string, string>();
  const tell = (key: string, text: string): void => {
    if (told.get(key) === text) return;
    told.set(key, text);
    output.note(`${text}\n`);
  };
  let away = false;
  for (;;) {
    let operation: Operation | null = null;
    try {
      operation = await client.get(`api/v1/operations/${encodeURIComponent(id)}`, operationSchema);
      if (away) output.note("Vigie answers again.\n");
      away = false;
    } catch (error) {
      if (!(error instanceof CommandEnd) || error.exitCode !== exitCodes.unreachable || performance.now() >= until) throw error;
      if (!away) output.note(`${error.message} The operation goes on without it; asking again…\n`);
      away = true;
    }
    if (operation !== null) {
      if (operation.waits !== null) tell("waits", inert(operation.waits.sentence));
      for (const step of operation.steps) if (step.status !== "pending") tell(`step-${step.position}`, stepLine(step));
      if (terminalOperationStatuses.includes(operation.status)) return operation;
    }
    if (performance.now() >= until) throw new CommandEnd(exitCodes.unreachable, "timeout", `Operation ${id} has not ended within ${duration(timeoutSeconds)}. It goes on; look at it with \`vigie operations ${id}\`.`);
    await sleep(askEveryMs, undefined, { signal });
  }
}

function stepLine(step: OperationStep): string {
  const mark = { pending: " ", running: "…", succeeded: "✓", failed: "✗", skipped: "–" }[step.status];
  const last = step.evidence.at(-1)?.text;
  return inert(`  ${mark} ${step.title}${last === undefined ? "" : `: ${last}`}`);
}

/** Sentence of how it ended, and the exit code: 0 done, 1 failed or returned, 2 refused or aborted before anything was changed. */
export function outcome(session: Session, operation: Operation): number {
  const { word, tone } = operationPresentation[operation.status];
  const took = operation.startedAt === null || operation.finishedAt === null ? "" : ` in ${duration((Date.parse(operation.finishedAt) - Date.parse(operation.startedAt)) / 1000)}`;
  session.output.note(`${inert(operation.title)}: ${toned(session.output, tone, word)}${took}. ${inert(operation.note ?? "")}\n`);
  if (operation.status === "succeeded") return exitCodes.done;
  return operation.status === "refused" ? exitCodes.refused : exitCodes.failed;
}
