import type { Plan } from "#lib/contracts/operation.ts";

/** Images and replica counts by Big Pod on one side of the change; for restores the keys and paths, never values. */
export function effects(plan: Plan, side: "from" | "to"): Record<string, unknown> {
  const changed = plan.changes.filter((change) => change.effect !== "unchanged");
  return {
    release: side === "from" ? plan.currentRelease : plan.release,
    bigPods: Object.fromEntries(
      changed.map((change) => [
        change.bigPod,
        {
          effect: change.effect,
          images: Object.fromEntries(change.images.map((image) => [image.container, image[side]])),
          ...(change.replicas === null ? {} : { replicas: change.replicas[side] }),
          ...(side === "to" && change.config.length > 0 ? { config: change.config } : {}),
        },
      ]),
    ),
  };
}
