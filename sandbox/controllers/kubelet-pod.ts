import { isDeepStrictEqual } from "node:util";
import { toTime } from "#sandbox/controllers/clock.ts";
import { createContainerRun, type ContainerRun } from "#sandbox/controllers/kubelet-container.ts";
import { mountError } from "#sandbox/controllers/container-config.ts";
import { asStatus, type ControllerContext } from "#sandbox/controllers/context.ts";
import type { EventInput } from "#sandbox/controllers/event-recorder.ts";
import type { NodeImages } from "#sandbox/controllers/node-images.ts";
import { asPod, type Pod } from "#sandbox/controllers/pod-shape.ts";
import { podStatus } from "#sandbox/controllers/pod-status.ts";
import type { ContainerExit } from "#sandbox/world/container-host.ts";

/** What a pod needs of the node it runs on. */
export interface NodeRuntime {
  readonly name: string;
  readonly hostIP: string;
  readonly architecture: string;
  readonly images: NodeImages;
  allocatePodIP(): string;
}

/** Plays one pod on its node. Created when the pod is bound, disposed when it is gone or the node is lost. */
export interface PodWorker {
  /** The API's present version of the pod. */
  update(pod: Pod): void;
  containerExited(exit: ContainerExit): void;
  /** A ConfigMap or Secret of the namespace changed. */
  retryConfiguration(): void;
  /** Stops all timers; processes are left as they are. */
  dispose(): void;
}

/**
 * `existing` says how to begin: "fresh" starts containers; "restored" takes over what the status says is running
 * (the sandbox was restarted); "rebooted" restarts everything (the node came back).
 */
export function createPodWorker(context: ControllerContext, node: NodeRuntime, first: Pod, existing: "fresh" | "restored" | "rebooted"): PodWorker {
  const { store, clock, random, times, events, containers: host } = context;
  const { uid, namespace, name } = first.metadata;
  const timers = new Set<() => void>();
  let pod = first;
  let podIP = first.status?.podIP;
  let publishing: (() => void) | undefined;
  let terminating = false;
  let disposed = false;

  const runs: ContainerRun[] = first.spec.containers.map((container) => createContainerRun(context, {
    node,
    pod: () => pod,
    podIP: () => podIP ?? node.hostIP,
    container,
    previous: first.status?.containerStatuses?.find((status) => status.name === container.name),
    changed: publish,
    record: (event) => record({ ...event, fieldPath: `spec.containers{${container.name}}` }),
  }));

  function record(event: Omit<EventInput, "component" | "host">): void {
    events.record(pod, { ...event, component: "kubelet", host: node.name });
  }

  function after(delayMs: number, run: () => void): void {
    const cancel = clock.after(delayMs, () => {
      timers.delete(cancel);
      run();
    });
    timers.add(cancel);
  }

  function publish(): void {
    publishing ??= clock.soon(() => {
      publishing = undefined;
      writeStatus();
    });
  }

  function writeStatus(): void {
    if (disposed) return;
    store.modify("pods", namespace, name, asStatus, (draft) => {
      if (draft.metadata.uid !== uid) return false;
      const previous = asPod(draft).status ?? {};
      const status = podStatus({ spec: pod.spec, previous, statuses: runs.map((run) => run.status), podIP, hostIP: node.hostIP, at: toTime(clock.now()) });
      if (!isDeepStrictEqual(status, previous)) draft.status = status;
      else return false;
    });
  }

  function begin(): void {
    publish();
    after(times.startDelayMs * (0.8 + 0.4 * random()), mountAndStart);
  }

  function mountAndStart(): void {
    const problem = mountError(store, namespace, pod.spec);
    if (problem !== undefined) {
      record({ type: "Warning", reason: "FailedMount", message: problem });
      after(10_000, mountAndStart);
      return;
    }
    podIP ??= node.allocatePodIP();
    publish();
    for (const run of runs) run.begin();
  }

  function terminate(): void {
    terminating = true;
    clearTimers();
    for (const run of runs) run.announceStop();
    const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    const anyRunning = runs.some((run) => run.status.state.running);
    after(anyRunning ? Math.min(graceMs, times.stopDelayMs * (0.7 + 0.6 * random())) : 0, finish);
  }

  function finish(): void {
    for (const run of runs) run.stop();
    writeStatus();
    host.forget(uid);
    store.delete("pods", namespace, name, { gracePeriodSeconds: 0, uid });
  }

  function clearTimers(): void {
    for (const cancel of timers) cancel();
    timers.clear();
  }

  if (first.metadata.deletionTimestamp === undefined && first.status?.phase !== "Succeeded" && first.status?.phase !== "Failed") {
    if (existing === "fresh" || podIP === undefined) begin();
    else for (const run of runs) run.resume(existing === "rebooted");
  }

  return {
    update(next) {
      pod = next;
      if (next.metadata.deletionTimestamp === undefined) return;
      if (!terminating) terminate();
      else if (next.metadata.deletionGracePeriodSeconds === 0) {
        clearTimers();
        after(0, finish);
      }
    },
    containerExited(exit) {
      runs.find((run) => run.status.name === exit.container)?.exited(exit);
    },
    retryConfiguration() {
      if (!terminating) for (const run of runs) run.retryConfiguration();
    },
    dispose() {
      disposed = true;
      clearTimers();
      publishing?.();
      for (const run of runs) run.dispose();
    },
  };
}
