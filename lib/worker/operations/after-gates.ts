import type { GateResult, OperationStep } from "#lib/contracts/operation.ts";
import { bakeVerdict, everythingUp } from "#lib/domain/gate-after.ts";
import { minutes } from "#lib/domain/gate-policy.ts";
import { touchesNothing } from "#lib/domain/operation-write.ts";
import { askedGate } from "#lib/worker/operations/after-gate-ask.ts";
import { recordAfterGates } from "#lib/worker/operations/gate-record.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/** How often at most results are written that differ in words only; a changed verdict is written at once. */
const recordEveryMs = 5_000;
/** Waits end this often also when nothing changes: time itself moves a verdict. */
const recheckMs = 1_000;

/**
 * The step behind verify: asks the after gates again and again for the policy's bakeMinutes, each at least once (a metric as often as its count).
 * Its begin is the step's in the journal, so a worker that takes over goes on with what is left; measurements begin anew with it.
 * Throws StepFailed at the first gate that fails, or when one says nothing at the end: everything returns then. The signal's reason when it fires.
 */
export async function bake(run: Run, step: OperationStep, signal: AbortSignal): Promise<string> {
  const { policy, name } = run.environment;
  const targets = run.journal.targets().filter((target) => !touchesNothing(target));
  const bigPods = targets.map((target) => target.bigPod);
  if (bigPods.length === 0) return "nothing was changed, so nothing is asked";
  const { elapsedMs: before, begunAt } = await clocks(run, step);
  const enteredAt = performance.now();
  const elapsedMs = (): number => before + performance.now() - enteredAt;
  const asked = policy.gates.after.map((gate) => ({ gate: askedGate(run, gate, bigPods, begunAt), count: 0, nextAt: 0, result: null as GateResult | null }));
  const brokenSince = new Map<string, number>();
  let told: { verdicts: string; text: string; at: number } = { verdicts: "", text: "", at: -Infinity };

  function up(): GateResult {
    const now = performance.now();
    const seen = bigPods.map((bigPod) => {
      const state = run.view.state(bigPod);
      if (state?.status === "broken") brokenSince.set(bigPod, brokenSince.get(bigPod) ?? now);
      else brokenSince.delete(bigPod);
      return { bigPod, fresh: run.view.fresh(), state, brokenForMs: now - (brokenSince.get(bigPod) ?? now) };
    });
    return everythingUp(name, seen, new Date());
  }

  async function record(gates: readonly GateResult[], last: boolean): Promise<void> {
    const verdicts = gates.map((gate) => gate.verdict).join();
    const text = gates.map((gate) => gate.evidence).join("\n");
    if (verdicts === told.verdicts && !last && (text === told.text || performance.now() - told.at < recordEveryMs)) return;
    await recordAfterGates(run, gates);
    told = { verdicts, text, at: performance.now() };
  }

  for (;;) {
    const due = asked.filter((one) => one.nextAt <= performance.now());
    await Promise.all(
      due.map(async (one) => {
        one.result = await one.gate.ask(signal);
        one.count += 1;
        one.nextAt = performance.now() + one.gate.everyMs;
      }),
    );
    const gates = [up(), ...asked.flatMap((one) => one.result ?? [])];
    const verdict = bakeVerdict(gates, { elapsedMs: elapsedMs(), bakeMs: policy.bakeMinutes * 60_000, askedEnough: asked.every((one) => one.count >= one.gate.atLeast) });
    await record(gates, verdict.kind !== "waiting");
    if (verdict.kind === "failed") throw new StepFailed(verdict.text);
    if (verdict.kind === "done") return policy.bakeMinutes === 0 ? `all pass: ${verdict.text}` : `all passed for ${minutes(policy.bakeMinutes)}: ${verdict.text}`;
    const soonest = Math.min(recheckMs, ...asked.map((one) => Math.max(1, one.nextAt - performance.now())));
    // Listen before writing down: a change during the write must not be missed.
    const change = run.view.changed(soonest, signal);
    change.catch(() => undefined);
    await run.journal.note(step, verdict.text);
    await change;
  }
}

/** How long the step has been running and when the operation began, by the database's clock. */
async function clocks(run: Run, step: OperationStep): Promise<{ elapsedMs: number; begunAt: Date }> {
  const { operationId } = run.keeper.claim;
  const rows = await run.db.$queryRaw<{ ms: number | null; begun: Date | null }[]>`
    SELECT (extract(epoch FROM clock_timestamp() - s.started_at) * 1000)::float8 AS ms, o.started_at AS begun
    FROM operation o LEFT JOIN operation_step s ON s.operation_id = o.id AND s.position = ${step.position} WHERE o.id = ${operationId}`;
  return { elapsedMs: rows[0]?.ms ?? 0, begunAt: rows[0]?.begun ?? new Date() };
}
