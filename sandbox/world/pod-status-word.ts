import type { Pod } from "#sandbox/controllers/pod-shape.ts";

/** The word kubectl prints in the STATUS column of a pod. */
export function podStatusWord(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return "Terminating";
  let word: string = pod.status?.reason ?? pod.status?.phase ?? "Pending";
  let running = false;
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    const { waiting, terminated } = status.state;
    if (waiting?.reason) word = waiting.reason;
    else if (terminated) word = terminated.reason || `ExitCode:${terminated.exitCode}`;
    else if (status.ready) running = true;
  }
  return word === "Completed" && running ? "Running" : word;
}
