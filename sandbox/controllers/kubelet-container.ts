import { elapsedMs, toTime } from "#sandbox/controllers/clock.ts";
import { createContainerProbes } from "#sandbox/controllers/container-probes.ts";
import { configError, environmentOf } from "#sandbox/controllers/container-config.ts";
import type { ControllerContext } from "#sandbox/controllers/context.ts";
import type { EventInput } from "#sandbox/controllers/event-recorder.ts";
import { goDuration, imageSizeBytes, pullImage, pullPolicyOf } from "#sandbox/controllers/image-pull.ts";
import type { NodeRuntime } from "#sandbox/controllers/kubelet-pod.ts";
import { randomHex } from "#sandbox/controllers/object-keys.ts";
import type { Container, ContainerStatus, Pod, TerminatedState } from "#sandbox/controllers/pod-shape.ts";
import type { ContainerExit } from "#sandbox/world/container-host.ts";
import type { ImageBuild } from "#sandbox/world/types.ts";

export interface ContainerSetting {
  node: NodeRuntime;
  pod: () => Pod;
  podIP: () => string;
  container: Container;
  /** Status from before, when the pod was running already. */
  previous: ContainerStatus | undefined;
  changed: () => void;
  record: (event: Omit<EventInput, "component" | "host" | "fieldPath">) => void;
}

/** One container of a pod through pull, start, probes, crashes and its end. `status` is what the kubelet reports. */
export interface ContainerRun {
  readonly status: ContainerStatus;
  begin(): void;
  /** Goes on from a stored status; `rebooted`: the node was down, so what ran has ended. */
  resume(rebooted: boolean): void;
  exited(exit: ContainerExit): void;
  retryConfiguration(): void;
  announceStop(): void;
  stop(): void;
  dispose(): void;
}

export function createContainerRun(context: ControllerContext, setting: ContainerSetting): ContainerRun {
  const { store, catalogue, clock, random, times, containers: host } = context;
  const { node, container, changed, record } = setting;
  const podUid = setting.pod().metadata.uid;
  const status: ContainerStatus = setting.previous
    ? structuredClone(setting.previous)
    : { name: container.name, state: { waiting: { reason: "ContainerCreating" } }, lastState: {}, ready: false, started: false, restartCount: 0, image: container.image, imageID: "" };
  const probes = createContainerProbes({
    clock,
    host,
    podUid,
    podIP: setting.podIP,
    container,
    relistMs: times.relistMs,
    record,
    onReady(ready) {
      if (status.ready === ready) return;
      status.ready = ready;
      changed();
    },
    onStarted() {
      status.started = true;
      changed();
    },
    onDead: killUnhealthy,
  });
  let step: (() => void) | undefined;
  let build: ImageBuild | undefined;
  let crashBackoffMs = 0;
  let pullBackoffMs = 0;
  let startedAtMs = 0;
  let configBroken = false;

  function next(delayMs: number, run: () => void): void {
    step?.();
    step = clock.after(delayMs, () => {
      step = undefined;
      run();
    });
  }

  function wait(reason: string, message?: string): void {
    status.state = { waiting: { reason, ...(message !== undefined && { message }) } };
    status.ready = false;
    status.started = false;
    changed();
  }

  function pull(): void {
    const reference = container.image;
    const cached = node.images.find(reference);
    const policy = pullPolicyOf(container);
    if (cached && policy !== "Always") {
      record({ type: "Normal", reason: "Pulled", message: `Container image "${reference}" already present on machine` });
      return create(cached);
    }
    if (policy === "Never") {
      record({ type: "Warning", reason: "ErrImageNeverPull", message: `Container image "${reference}" is not present with pull policy of Never` });
      wait("ErrImageNeverPull", `Container image "${reference}" is not present with pull policy of Never`);
      return next(times.pullBackoffBaseMs, pull);
    }
    record({ type: "Normal", reason: "Pulling", message: `Pulling image "${reference}"` });
    const tookMs = (cached ? 0.3 : 1) * times.pullMs * (0.7 + 0.6 * random());
    next(tookMs, () => {
      const result = pullImage(catalogue, reference);
      if ("error" in result) return pullFailed(result.error);
      record({ type: "Normal", reason: "Pulled", message: `Successfully pulled image "${reference}" in ${goDuration(tookMs)} (${goDuration(tookMs)} including waiting). Image size: ${imageSizeBytes(result.build)} bytes.` });
      node.images.add(reference, result.build);
      create(result.build);
    });
  }

  function pullFailed(error: string): void {
    const reference = container.image;
    record({ type: "Warning", reason: "Failed", message: `Failed to pull image "${reference}": ${error}` });
    record({ type: "Warning", reason: "Failed", message: "Error: ErrImagePull" });
    wait("ErrImagePull", error);
    pullBackoffMs = Math.min(times.pullBackoffMaxMs, Math.max(times.pullBackoffBaseMs, pullBackoffMs * 2));
    next(Math.min(1_500, pullBackoffMs / 2), () => {
      record({ type: "Normal", reason: "BackOff", message: `Back-off pulling image "${reference}"` });
      record({ type: "Warning", reason: "Failed", message: "Error: ImagePullBackOff" });
      wait("ImagePullBackOff", `Back-off pulling image "${reference}"`);
      next(pullBackoffMs, pull);
    });
  }

  function create(image: ImageBuild): void {
    build = image;
    pullBackoffMs = 0;
    const problem = configError(store, setting.pod().metadata.namespace, container);
    configBroken = problem !== undefined;
    if (problem !== undefined) {
      record({ type: "Warning", reason: "Failed", message: `Error: ${problem}` });
      wait("CreateContainerConfigError", problem);
      return next(10_000, pull);
    }
    status.imageID = `${image.repository}@${image.digest}`;
    status.containerID = `containerd://${randomHex(random, 64)}`;
    record({ type: "Normal", reason: "Created", message: `Created container ${container.name}` });
    record({ type: "Normal", reason: "Started", message: `Started container ${container.name}` });
    startedAtMs = clock.now();
    status.state = { running: { startedAt: toTime(startedAtMs) } };
    launch(image, false);
  }

  function launch(image: ImageBuild, resumed: boolean): void {
    const platform = `linux/${node.architecture}`;
    const wrongArchitecture = !image.platforms.some((candidate) => candidate === platform);
    host.start({ pod: setting.pod(), container: container.name, build: image, env: environmentOf(store, setting.pod().metadata.namespace, container), startedAtMs, resumed, wrongArchitecture });
    if (!resumed) {
      status.started = !container.startupProbe;
      status.ready = false;
    }
    probes.begin(status.started);
    changed();
  }

  function killUnhealthy(kind: "startup" | "liveness"): void {
    record({ type: "Normal", reason: "Killing", message: `Container ${container.name} failed ${kind} probe, will be restarted` });
    host.stop(podUid, container.name);
    exited({ podUid, container: container.name, exitCode: 137, reason: "Error" });
  }

  function terminatedState(exitCode: number, reason: string): TerminatedState {
    return { exitCode, reason, startedAt: status.state.running?.startedAt ?? null, finishedAt: toTime(clock.now()), ...(status.containerID && { containerID: status.containerID }) };
  }

  function exited(exit: Pick<ContainerExit, "podUid" | "container" | "exitCode" | "reason">): void {
    if (!status.state.running) return;
    probes.end();
    const ranForMs = elapsedMs(clock, startedAtMs);
    status.state = { terminated: terminatedState(exit.exitCode, exit.reason) };
    status.ready = false;
    status.started = false;
    changed();
    const policy = setting.pod().spec.restartPolicy ?? "Always";
    if (policy === "Never" || (policy === "OnFailure" && exit.exitCode === 0)) return;
    if (ranForMs >= times.crashBackoffResetMs) crashBackoffMs = 0;
    next(times.relistMs, backOffOrRestart);
  }

  /** The first crash restarts at once; each later one waits twice as long as the one before. */
  function backOffOrRestart(): void {
    if (crashBackoffMs === 0) {
      crashBackoffMs = times.crashBackoffBaseMs;
      return restart();
    }
    const backoffMs = crashBackoffMs;
    crashBackoffMs = Math.min(times.crashBackoffMaxMs, crashBackoffMs * 2);
    backOff(backoffMs);
  }

  function backOff(backoffMs: number): void {
    const { name, namespace } = setting.pod().metadata;
    if (status.state.terminated) status.lastState = { terminated: status.state.terminated };
    record({ type: "Warning", reason: "BackOff", message: `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${podUid})` });
    wait("CrashLoopBackOff", `back-off ${wholeSeconds(backoffMs / 1000)} restarting failed container=${container.name} pod=${name}_${namespace}(${podUid})`);
    next(backoffMs, restart);
  }

  function restart(): void {
    if (status.state.terminated) status.lastState = { terminated: status.state.terminated };
    status.restartCount += 1;
    pull();
  }

  return {
    status,
    begin: pull,
    resume(rebooted) {
      crashBackoffMs = status.restartCount === 0 ? 0 : Math.min(times.crashBackoffMaxMs, times.crashBackoffBaseMs * 2 ** Math.min(20, status.restartCount - 1));
      if (status.state.running && !rebooted) {
        const image = imageFrom(status.imageID) ?? node.images.find(container.image) ?? catalogue.resolve(container.image);
        if (!image) return pull();
        build = image;
        node.images.add(container.image, image);
        startedAtMs = Date.parse(status.state.running.startedAt);
        return launch(image, true);
      }
      if (status.state.running) {
        crashBackoffMs = 0;
        status.state = { terminated: terminatedState(255, "Unknown") };
        status.ready = false;
        return next(times.relistMs, backOffOrRestart);
      }
      const policy = setting.pod().spec.restartPolicy ?? "Always";
      if (status.state.waiting?.reason === "CrashLoopBackOff") return next(crashBackoffMs / 2, restart);
      if (status.state.waiting) return pull();
      if (policy === "Always" || (policy === "OnFailure" && status.state.terminated?.exitCode !== 0)) next(times.relistMs, backOffOrRestart);
    },
    exited,
    retryConfiguration() {
      if (configBroken && build) next(0, pull);
    },
    announceStop() {
      step?.();
      step = undefined;
      probes.end();
      if (status.state.running) record({ type: "Normal", reason: "Killing", message: `Stopping container ${container.name}` });
    },
    stop() {
      host.stop(podUid, container.name);
      if (status.state.running) status.state = { terminated: terminatedState(0, "Completed") };
      status.ready = false;
      status.started = false;
    },
    dispose() {
      step?.();
      probes.end();
    },
  };

  function imageFrom(imageID: string): ImageBuild | undefined {
    return imageID === "" ? undefined : catalogue.resolve(imageID);
  }
}

/** "10s", "1m20s", "5m0s": Go's way to print whole seconds. */
function wholeSeconds(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
