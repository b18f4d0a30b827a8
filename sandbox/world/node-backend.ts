import type { Clock } from "#sandbox/controllers/clock.ts";
import { isNodeDown, nodeAddress } from "#sandbox/controllers/node-shape.ts";
import { asPod, type Pod } from "#sandbox/controllers/pod-shape.ts";
import type { KubeObject, NodeBackend, Store } from "#sandbox/kube/types.ts";
import type { ContainerInstance } from "#sandbox/world/container-instance.ts";
import type { LogLine } from "#sandbox/world/container-log.ts";
import type { World } from "#sandbox/world/world.ts";

/** A refusal of the kubelet: `code` and `reason` as the API server passes them on. */
export class NodeError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.name = "NodeError";
    this.code = code;
    this.reason = reason;
  }
}

export interface NodeBackendSetup {
  store: Store;
  world: World;
  clock: Clock;
}

type LogOptions = Parameters<NodeBackend["logs"]>[2];

/** How often a follower looks for ordinary lines; lines about events come at once. */
const followMs = 1_000;
const togetherMs = 5;

/** The nodes' side of the API: container logs and requests to pods. Lines come without their line break. */
export function createNodeBackend({ store, world, clock }: NodeBackendSetup): NodeBackend {
  function downNodeOf(pod: Pod): KubeObject | undefined {
    const node = pod.spec.nodeName === undefined ? undefined : store.get("nodes", undefined, pod.spec.nodeName);
    return node && isNodeDown(node) ? node : undefined;
  }

  function instanceFor(pod: Pod, container: string, previous: boolean): ContainerInstance {
    const { name } = pod.metadata;
    if (!pod.spec.containers.some((candidate) => candidate.name === container)) throw new NodeError(400, "BadRequest", `container ${container} is not valid for pod ${name}`);
    const down = downNodeOf(pod);
    if (down) throw new NodeError(500, "InternalError", `Get "https://${nodeAddress(down)}:10250/containerLogs/${pod.metadata.namespace}/${name}/${container}": dial tcp ${nodeAddress(down)}:10250: connect: no route to host`);
    const home = world.home(pod.metadata.uid);
    const current = home?.instances.get(container);
    // While a crashed container waits for its restart, the instance that ended is the "previous" one and still the latest.
    const status = asPod(store.get("pods", pod.metadata.namespace, name) ?? pod).status?.containerStatuses?.find((candidate) => candidate.name === container);
    const waiting = current?.endedAtMs !== undefined && status?.state.waiting !== undefined;
    const found = previous ? (waiting ? current : home?.previous.get(container)) : current;
    if (found) return found;
    // It did run, but the sandbox was restarted or the node rebooted since: what it said is gone.
    const lost = (previous ? undefined : status?.state.terminated) ?? status?.lastState.terminated;
    if (lost?.containerID !== undefined) throw new NodeError(500, "InternalError", `unable to retrieve container logs for ${lost.containerID}`);
    if (previous) throw new NodeError(400, "BadRequest", `previous terminated container "${container}" in pod "${name}" not found`);
    const reason = status?.state.waiting?.reason;
    const why = reason === "ErrImagePull" || reason === "ImagePullBackOff" ? "trying and failing to pull image" : (reason ?? "ContainerCreating");
    throw new NodeError(400, "BadRequest", `container "${container}" in pod "${name}" is waiting to start: ${why}`);
  }

  async function* logs(object: KubeObject, container: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<string> {
    const instance = instanceFor(asPod(object), container, options.previous);
    const since = sinceMs(options, clock);
    // A follower reads up to this moment and gets the rest of it with the next lines; others have all of it now.
    let upTo = options.follow && instance.endedAtMs === undefined ? clock.now() : clock.now() + 1;
    let bytesLeft = options.limitBytes ?? Number.POSITIVE_INFINITY;
    const all = instance.log.between(since, upTo);
    for (const line of options.tailLines === undefined ? all : all.slice(all.length - Math.min(all.length, options.tailLines))) {
      const text = printed(line, options.timestamps).slice(0, bytesLeft);
      bytesLeft -= Buffer.byteLength(text) + 1;
      yield text;
      if (bytesLeft <= 0) return;
    }
    while (options.follow && !signal.aborted && instance.endedAtMs === undefined) {
      await nextChance(instance, signal);
      const now = instance.endedAtMs === undefined && !signal.aborted ? clock.now() : clock.now() + 1;
      for (const line of instance.log.between(upTo, now)) yield printed(line, options.timestamps);
      upTo = now;
    }
  }

  function nextChance(instance: ContainerInstance, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        stopListening();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = clock.after(followMs, done);
      // What happens at one moment belongs together: a few milliseconds later it is complete.
      const stopListening = instance.log.onLine(() => clock.after(togetherMs, done));
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  return {
    logs,
    async proxy(object, port, request) {
      const pod = asPod(object);
      const ip = pod.status?.podIP;
      if (ip === undefined) throw new NodeError(503, "ServiceUnavailable", `no endpoints available for pod "${pod.metadata.name}": it has no address yet`);
      if (downNodeOf(pod)) throw new Error(`dial tcp ${ip}:${port}: connect: no route to host`);
      const answer = world.answer(pod.metadata.uid, port, request.method, request.path, request.body.toString());
      if (!answer) throw new Error(`dial tcp ${ip}:${port}: connect: connection refused`);
      return answer;
    },
  };
}

function sinceMs(options: LogOptions, clock: Clock): number {
  if (options.sinceTime !== undefined) return Date.parse(options.sinceTime);
  if (options.sinceSeconds !== undefined) return clock.now() - options.sinceSeconds * 1000;
  return 0;
}

function printed(line: LogLine, timestamps: boolean): string {
  return timestamps ? `${new Date(line.atMs).toISOString().replace("Z", "000000Z")} ${line.text}` : line.text;
}
