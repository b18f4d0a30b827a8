import type { Pod } from "#sandbox/controllers/pod-shape.ts";
import type { World } from "#sandbox/world/world.ts";

/** A supervised process, or the one process of a container, as seen from outside. */
export interface PodProcess {
  name: string;
  container: string;
  state: string;
  ok: boolean;
  restarts: number;
  exitCode?: number;
  lastLine?: string;
  /** Dies again at each start. */
  crashing: boolean;
}

/** All processes of a pod; those of a container that is down count as stopped. */
export function processViews(world: World, pod: Pod): PodProcess[] {
  const home = world.home(pod.metadata.uid);
  return pod.spec.containers.flatMap(({ name: container }) =>
    (home?.instances.get(container)?.processes ?? []).map((process) => ({
      name: process.spec.name,
      container,
      state: process.state.toLowerCase(),
      ok: process.state === "RUNNING",
      restarts: process.restarts,
      ...(process.exitCode !== undefined && { exitCode: process.exitCode }),
      ...(process.lastLine !== undefined && { lastLine: process.lastLine }),
      crashing: process.doom !== undefined || (home?.doomed.has(container) ?? false),
    })));
}
