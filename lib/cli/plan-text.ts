import type { Plan } from "#lib/contracts/operation.ts";
import type { Tone } from "#lib/domain/status.ts";
import { duration, inert, table, toned } from "#lib/cli/output.ts";
import type { Output } from "#lib/cli/output.ts";

const verdictTones: Record<Plan["gates"][number]["verdict"], Tone> = { pass: "ok", fail: "bad", inconclusive: "warn", error: "warn" };

/** A plan as a person reads it in a terminal: what will change, what proves that it may, what confirming leads to. */
export function planText(output: Output, plan: Plan): string {
  const lines = [`${inert(plan.title)}  (${plan.strategy}, plan ${plan.hash.slice(0, 12)}, holds until ${plan.expiresAt})`, ""];
  for (const change of plan.changes) {
    lines.push(`  ${inert(change.bigPod)}: ${inert(change.how)}`);
    for (const image of change.images) lines.push(`      ${inert(image.container)}: ${inert(image.fromVersion ?? image.from)} → ${inert(image.toVersion ?? image.to)}`);
    for (const line of [...change.config, ...change.template]) lines.push(`      ${inert(line)}`);
    if (change.replicas !== null) lines.push(`      replicas: ${change.replicas.from} → ${change.replicas.to}`);
  }
  lines.push("", table(plan.gates.map((gate) => [`  ${toned(output, gate.overruled ? "hold" : verdictTones[gate.verdict], gate.overruled ? "overruled" : gate.verdict)}`, inert(gate.title), inert(gate.evidence)])).trimEnd(), "");
  if (plan.estimate !== null) lines.push(`About ${duration(plan.estimate.seconds)} (${duration(plan.estimate.lowSeconds)} to ${duration(plan.estimate.highSeconds)}, ${plan.estimate.n} earlier runs).`);
  for (const sentence of plan.afterwards) lines.push(inert(sentence));
  for (const sentence of plan.notUndone) lines.push(`Not undone by going back: ${inert(sentence)}`);
  lines.push(startSentence(plan));
  return `${lines.join("\n")}\n`;
}

function startSentence({ start }: Plan): string {
  switch (start.how) {
    case "now":
      return "Confirmed, it runs at once.";
    case "waits":
      return `Confirmed, it waits: ${start.waits.map((wait) => inert(wait.sentence)).join("; ")}.`;
    case "refused":
      return "It may not run: a gate does not pass.";
  }
}
