import type { Evidence } from "#lib/contracts/state.ts";
import { exitClause, isCrashLooping, isWrongArchitecture, memoryLimit, probeKill, restartMemoryMs } from "#lib/domain/fold-exit.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs } from "#lib/domain/fold-read.ts";
import type { ClusterEvent, ContainerStatus, RawObject } from "#lib/domain/fold-read.ts";

/** A registry that stumbles once must not return a release: what may pass is waited for this long. */
const passingPullGraceMs = 15_000;

const pullReasons = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed"]);
const createReasons = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreStartHookError", "PostStartHookError", "StartError", "ContainerCannotRun", "CreatePodSandboxError", "ConfigPodSandboxError"]);
const startingReasons = new Set(["ContainerCreating", "PodInitializing", "ContainersNotInitialized"]);

/** The sentence of the registry out of a pull error: the last clause, which names what is wrong. */
export function pullReason(message: string | null): string {
  if (message === null) return "the image cannot be fetched";
  const known = /toomanyrequests:[^"]*/i.exec(message) ?? /manifest unknown|not found|unauthorized|denied|no match for platform[^:]*|no such host|i\/o timeout|connection refused|5\d\d [A-Z][^:"]*|too many requests/i.exec(message);
  if (known) return known[0].trim();
  return message.split(": ").at(-1) ?? message;
}

function isPassing(reason: string): boolean {
  return /timeout|connection refused|connection reset|no such host|^5\d\d|EOF|too ?many ?requests/i.test(reason);
}

function pullMessage(status: ContainerStatus, events: readonly ClusterEvent[]): string | null {
  if (status.message !== null && status.reason !== "ImagePullBackOff") return status.message;
  const failed = events.filter((e) => e.reason === "Failed" && /pull/i.test(e.message));
  return (failed.find((e) => e.message.includes(status.image)) ?? failed[0])?.message ?? status.message;
}

/** Without the kubelet's words around it: 'configmap "core-config" not found', "couldn't find key A in ConfigMap x/y". */
function createClause(status: ContainerStatus): string {
  return (status.message ?? status.reason ?? "unknown").replace(/^(Error: )?(failed to (create|start|generate) container[^:]*: )+/i, "");
}

function remedyOfCreate(clause: string): string {
  const named = /(configmap|secret) "([^"]+)" not found|key (\S+) in (ConfigMap|Secret) \S*?\/?([^/\s]+)$/i.exec(clause);
  if (named?.[3] !== undefined) return `Add the key ${named[3]} to ${named[4]} ${named[5]}, or go back to a release that does not ask for it.`;
  if (named?.[2] !== undefined) return `Create ${named[1]?.toLowerCase() === "secret" ? "Secret" : "ConfigMap"} ${named[2]}, or go back to a release that does not ask for it.`;
  return "Mend what the node names in the template, or go back to the release that ran before.";
}

/** What is wrong with one container of a pod. `architecture` of its node where known ("arm64"). Not being ready is judged by fold-probe.ts. */
export function containerFinding(pod: RawObject, status: ContainerStatus, events: readonly ClusterEvent[], architecture: string | null, now: Date): Finding | null {
  const on = pod.metadata.name;
  const evidenceOf = (kind: Evidence["kind"], value: string, at: string | null): Evidence => ({ kind, text: value, at, on: `Pod ${on}` });
  const { name, ended } = status;
  const limit = memoryLimit(pod, name);

  if (isWrongArchitecture(status) && !status.ready) {
    const where = architecture === null ? "the processor of its node" : architecture;
    return {
      status: "broken", kind: "architecture", group: `architecture/${name}`, on,
      tell: (place) => `${name} in ${place} cannot run on ${where}: exec format error, ${status.image} is built for another architecture`,
      evidence: [evidenceOf("log", status.ended?.message ?? status.message ?? "exec format error", ended?.finishedAt ?? null)],
      remedy: `Build the image for ${architecture === null ? "the nodes' architecture" : `linux/${architecture}`} too, or go back to the release that ran before.`,
    };
  }
  if (status.state === "waiting" && status.reason !== null && pullReasons.has(status.reason)) {
    const message = pullMessage(status, events);
    const reason = pullReason(message);
    const early = isPassing(reason) && (ageMs(pod.metadata.creationTimestamp, now) ?? Infinity) < passingPullGraceMs;
    return {
      status: early ? "progressing" : "broken", kind: "pull", group: `pull/${name}`, on,
      tell: (place) => `${name} in ${place} cannot be pulled: ${status.image} — ${reason}`,
      evidence: [evidenceOf("status", `${status.reason}: ${message ?? status.image}`, null)],
      remedy: isPassing(reason) ? "Look at the registry: the pull goes on by itself once it answers." : /unauthorized|denied/i.test(reason) ? "Give the pod's imagePullSecrets the right to read that repository." : "Push that image, or go back to a release whose images the registry has.",
    };
  }
  if (status.state === "waiting" && status.reason !== null && createReasons.has(status.reason)) {
    const clause = createClause(status);
    return { status: "broken", kind: "create", group: `create/${name}`, on, tell: (place) => `${name} in ${place} cannot be started: ${clause}`, evidence: [evidenceOf("status", `${status.reason}: ${status.message ?? ""}`, null)], remedy: remedyOfCreate(clause) };
  }
  const kill = ended !== null && (ended.exitCode === 137 || ended.exitCode === 143) && ended.reason !== "OOMKilled" ? probeKill(name, events) : null;
  const killClause = kill === null ? null : `its ${kill.probe} probe failed${kill.answer === null ? "" : `: ${kill.answer}`}`;
  const killEvidence = killClause === null ? [] : [evidenceOf("event", killClause, ended?.finishedAt ?? null)];
  const looping = isCrashLooping(status, now);
  // A startup probe gives up only after the time its author allowed: once is enough.
  if (killClause !== null && (looping || (kill?.probe === "startup" && !status.ready))) {
    return {
      status: "broken", kind: "probe", group: `probe-kill/${name}`, on,
      tell: (place) => `${name} in ${place} keeps being restarted: ${killClause}`,
      evidence: [evidenceOf("status", `${name}: ${status.reason ?? status.state}, ${status.restarts} restarts`, ended?.finishedAt ?? null), ...killEvidence],
      remedy: `Mend what the ${kill?.probe ?? ""} probe asks or the probe itself, or go back to the release that ran before.`,
    };
  }
  if (looping) {
    const clause = ended === null ? "" : ` with ${exitClause(ended, limit)}`;
    const outOfMemory = ended?.reason === "OOMKilled";
    const evidence = [evidenceOf("status", `${name}: ${status.reason ?? status.state}, ${status.restarts} restarts${ended?.reason ? `, last ended by ${ended.reason}` : ""}`, ended?.finishedAt ?? null)];
    if (ended?.message) evidence.push(evidenceOf("log", ended.message, ended.finishedAt));
    return {
      status: "broken", kind: outOfMemory ? "out-of-memory" : "crash", group: `crash/${name}`, on,
      tell: (place) => `${name} in ${place} keeps exiting${clause}`, evidence,
      remedy: outOfMemory ? "Give it a higher memory limit, or go back to a release that needs less." : "Go back to the release that ran before, or mend what the last line names.",
    };
  }
  const since = ageMs(ended?.finishedAt ?? status.runningSince, now);
  if (status.restarts > 0 && ended !== null && since !== null && since < restartMemoryMs) {
    const times = status.restarts === 1 ? "restarted" : `restarted ${status.restarts} times`;
    const why = killClause ?? `exited with ${exitClause(ended, limit)}`;
    return {
      status: "warning", kind: "restart", group: `restart/${name}`, on,
      tell: (place) => `${name} in ${place} ${times}: ${why}`,
      evidence: [evidenceOf("status", `${name} exited with ${exitClause(ended, limit)}`, ended.finishedAt), ...killEvidence],
      remedy: ended.reason === "OOMKilled" ? "Give it a higher memory limit before it happens again." : "Read its previous log; nothing is to be done while it stays up.",
    };
  }
  if (status.state === "waiting" && status.reason !== null && !startingReasons.has(status.reason) && status.reason !== "CrashLoopBackOff") {
    // A reason that this list does not know is told in the cluster's own words.
    return { status: "warning", kind: "create", group: `waiting/${name}`, on, tell: (place) => `${name} in ${place} waits: ${status.reason}${status.message === null ? "" : `: ${status.message}`}`, evidence: [evidenceOf("status", `${status.reason}: ${status.message ?? ""}`, null)], remedy: "Look at the pod's events." };
  }
  return null;
}
