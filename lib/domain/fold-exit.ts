import { ageMs, fields, list, text } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, ContainerStatus, RawObject } from "#lib/domain/fold-read.ts";

/** How runs of containers end, in words, and when that is more than bad luck. */

/** A pod or container younger than this is starting, not failing. */
export const startGraceMs = 60_000;
/** For this long a restart is worth an amber tile. */
export const restartMemoryMs = 600_000;

/** What an exit code by itself says (128 + the signal's number); nothing for the codes that programs choose themselves. */
const signals: Readonly<Record<number, string>> = {
  132: "illegal instruction (SIGILL)",
  134: "aborted (SIGABRT)",
  139: "memory access fault (SIGSEGV)",
};

/** How a run ended, as a clause: "code 137: out of memory, limit 512Mi". */
export function exitClause(ended: NonNullable<ContainerStatus["ended"]>, limit: string | null): string {
  const why = ended.reason === "OOMKilled" ? `out of memory${limit === null ? "" : `, limit ${limit}`}` : (ended.message ?? signals[ended.exitCode] ?? null);
  return `code ${ended.exitCode}${why === null ? "" : `: ${why}`}`;
}

export function memoryLimit(pod: RawObject, container: string): string | null {
  const spec = fields(pod.spec);
  const found = [...list(spec["containers"]), ...list(spec["initContainers"])].find((c) => c["name"] === container);
  return text(fields(fields(found?.["resources"])["limits"])["memory"]);
}

/**
 * True while a container cannot stay up: waiting in CrashLoopBackOff, between runs after two restarts, or running again for less than
 * a minute and a half times its last run (at most ten minutes, when the kubelet forgets too).
 */
export function isCrashLooping(status: ContainerStatus, now: Date): boolean {
  if (status.state === "waiting" && status.reason === "CrashLoopBackOff") return true;
  if (status.restarts < 2) return false;
  if (status.state !== "running") return status.ended !== null && status.ended.exitCode !== 0;
  if (status.ended === null) return false;
  const lastRunMs = Math.max(0, Date.parse(status.ended.finishedAt ?? "") - Date.parse(status.ended.startedAt ?? "")) || 0;
  if (lastRunMs >= restartMemoryMs) return false;
  const upMs = ageMs(status.runningSince, now) ?? 0;
  return upMs < Math.min(restartMemoryMs, Math.max(startGraceMs, lastRunMs * 1.5));
}

/** True when the program in the image is not one for the node's processor: the kernel's words, wherever the runtime puts them. */
export function isWrongArchitecture(status: ContainerStatus): boolean {
  return [status.message, status.ended?.message].some((words) => words !== null && words !== undefined && /exec format error/i.test(words));
}

/** The probe whose failures made the kubelet end the container, and what it answered; null when none did. */
export function probeKill(container: string, events: readonly ClusterEvent[]): { probe: "liveness" | "startup"; answer: string | null } | null {
  const newest = [...events].sort((a, b) => (b.at ?? "").localeCompare(a.at ?? ""));
  for (const event of newest) {
    const found = event.reason === "Killing" ? /^Container (\S+) failed (liveness|startup) probe/.exec(event.message) : null;
    if (found?.[1] !== container) continue;
    const probe = found[2] === "startup" ? "startup" : "liveness";
    return { probe, answer: probeAnswer(probe, newest) };
  }
  return null;
}

/** "HTTP probe failed with statuscode: 503" out of the newest event "Readiness probe failed: …". Events come newest first. */
export function probeAnswer(probe: "readiness" | "liveness" | "startup", newest: readonly ClusterEvent[]): string | null {
  for (const event of newest) {
    const found = event.reason === "Unhealthy" ? /^(Readiness|Liveness|Startup) probe (?:failed|errored)(?: and resulted in \w+ state)?: (.*)$/.exec(event.message) : null;
    if (found?.[1]?.toLowerCase() === probe) return found[2] ?? null;
  }
  return null;
}
