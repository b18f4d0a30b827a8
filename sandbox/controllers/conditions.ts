import type { Condition } from "#sandbox/controllers/pod-shape.ts";

/**
 * The conditions with one replaced. Nothing changes while status and reason stay (as the Deployment controller does it);
 * the transition time moves only with the status.
 */
export function withCondition(conditions: readonly Condition[], next: Condition, at: string): Condition[] {
  const current = conditions.find((condition) => condition.type === next.type);
  if (current && current.status === next.status && current.reason === next.reason) return [...conditions];
  const lastTransitionTime = current && current.status === next.status ? current.lastTransitionTime : at;
  return [...conditions.filter((condition) => condition.type !== next.type), { ...next, lastTransitionTime }];
}

/** Same, but a change of message alone is written too (pods, nodes, autoscalers). */
export function withFreshCondition(conditions: readonly Condition[], next: Condition, at: string): Condition[] {
  const index = conditions.findIndex((condition) => condition.type === next.type);
  const current = conditions[index];
  const written = { ...next, lastTransitionTime: current && current.status === next.status ? (current.lastTransitionTime ?? at) : at };
  return current ? conditions.map((condition, position) => (position === index ? written : condition)) : [...conditions, written];
}
