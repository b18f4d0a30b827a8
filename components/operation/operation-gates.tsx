import type { Operation } from "#lib/contracts/operation.ts";
import { Section } from "#components/patterns/section.tsx";
import { mendedByWaiting } from "#components/plan/overrulable.ts";
import { Gates } from "#components/plan/gates.tsx";

/** Gates as they were judged: when its turn came, and after its rollout. Before that, as they stood when it was planned. */
export function OperationGates({ operation }: { operation: Operation }) {
  const before = operation.gates.filter((gate) => gate.phase === "before");
  const after = operation.gates.filter((gate) => gate.phase === "after");
  return (
    <>
      <Section title={before.length > 0 ? "Gates, when its turn came" : "Gates, as they stood when it was planned"} id="gates-before">
        <Gates gates={before.length > 0 ? before : operation.plan.gates.filter((gate) => gate.phase === "before")} waitsFor={before.length > 0 ? undefined : mendedByWaiting(operation.plan.start)} />
      </Section>
      {after.length > 0 ? (
        <Section title="Gates after the rollout" id="gates-after">
          <Gates gates={after} label="Gates after the rollout" />
        </Section>
      ) : null}
    </>
  );
}
