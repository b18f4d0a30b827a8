import { elapsedMs, type Clock } from "#sandbox/controllers/clock.ts";
import { parseQuantity } from "#sandbox/kube/objects/quantity.ts";
import type { ContainerExit, ContainerStart } from "#sandbox/world/container-host.ts";
import { ContainerLog, mix } from "#sandbox/world/container-log.ts";
import { profileOf, type ImageProfile, type ProcessSpec } from "#sandbox/world/process-table.ts";
import type { Behaviour, Degraded } from "#sandbox/world/types.ts";

/** supervisord's words. */
export type ProcessState = "STARTING" | "RUNNING" | "BACKOFF" | "FATAL" | "STOPPED" | "EXITED";

export interface ManagedProcess {
  readonly spec: ProcessSpec;
  state: ProcessState;
  pid: number;
  restarts: number;
  /** Failed starts in a row; at three the supervisor gives up. */
  failures: number;
  startedAtMs: number;
  /** When its last run ended. */
  endedAtMs?: number;
  exitCode?: number;
  lastLine?: string;
  /** Ends like this whenever it runs, until healed. */
  doom?: Doom;
}

export interface Doom {
  exitCode: number;
  lastLine: string;
}

export interface Trouble {
  fromMs: number;
  untilMs?: number;
  degraded: Degraded;
}

const keptTroubles = 20;
const bootMs = 350;
const crashAfterStartMs = 120;
const retryDelayMs = 300;
const maxFailures = 3;
const exitsAfterMs = 500;
const memoryRampMs = 4_000;
const jobMs = 4_000;

export interface ContainerInstance {
  readonly profile: ImageProfile;
  readonly log: ContainerLog;
  readonly processes: readonly ManagedProcess[];
  readonly start: ContainerStart;
  /** When it answered worse than it should, oldest first; `untilMs` is absent while it does. */
  readonly troubles: readonly Trouble[];
  /** Set when it has ended. */
  endedAtMs?: number;
  /** Applies a behaviour to what runs now. */
  apply(behaviour: Behaviour): void;
  crash(process: ManagedProcess, doom: Doom, forever: boolean): void;
  /** Takes all doom away and starts what is down. */
  heal(process?: ManagedProcess): void;
  memoryBytes(process: ManagedProcess): number;
  end(): void;
}

export interface InstanceSetting {
  clock: Clock;
  random: () => number;
  start: ContainerStart;
  behaviour: Behaviour;
  exited: (exit: Pick<ContainerExit, "exitCode" | "reason">, lastLine: string | undefined) => void;
}

/** One run of a container: its processes, its supervisor if it has one, its log. */
export function createContainerInstance({ clock, random, start, behaviour: given, exited }: InstanceSetting): ContainerInstance {
  const { pod, container, build } = start;
  const profile = profileOf(build.repository, pod, container);
  const log = new ContainerLog(`${pod.metadata.uid}/${container}/${Math.floor(start.startedAtMs / 1000)}`, profile.supervised);
  const timers = new Set<() => void>();
  const limitBytes = parseQuantity(pod.spec.containers.find((candidate) => candidate.name === container)?.resources?.limits?.memory) || 512 * 2 ** 20;
  const ramps = new Map<string, number>();
  const troubles: Trouble[] = [];
  const processes: ManagedProcess[] = profile.processes.map((spec, index) => ({
    spec,
    state: "STOPPED",
    pid: profile.supervised ? 7 + index : 1,
    restarts: 0,
    failures: 0,
    startedAtMs: start.startedAtMs,
  }));

  function after(delayMs: number, run: () => void): void {
    const cancel = clock.after(delayMs, () => {
      timers.delete(cancel);
      run();
    });
    timers.add(cancel);
  }

  function supervisor(text: string): void {
    if (profile.supervised) log.write(clock.now(), undefined, `${new Date(clock.now()).toISOString()} supervisor: ${text}`);
  }

  function say(process: ManagedProcess, level: "info" | "error", text: string): void {
    log.write(clock.now(), process.spec.name, `${new Date(clock.now()).toISOString()} ${level.padEnd(5)} ${text}`);
  }

  /** `upAfterMs` undefined: it hangs in its start until something ends it. */
  function spawn(process: ManagedProcess, upAfterMs: number | undefined): void {
    process.state = "STARTING";
    process.startedAtMs = clock.now();
    if (process.restarts > 0) process.pid = 40 + Math.floor(random() * 900);
    supervisor(`spawned: '${process.spec.name}' with pid ${process.pid}`);
    const { doom } = process;
    if (!doom && upAfterMs === undefined) return;
    after(doom ? crashAfterStartMs : (upAfterMs ?? bootMs), () => {
      if (process.state !== "STARTING") return;
      if (doom) die(process, doom);
      else becomeUp(process);
    });
  }

  function becomeUp(process: ManagedProcess): void {
    process.state = "RUNNING";
    process.failures = 0;
    log.up(clock.now(), process.spec);
    say(process, "info", `${process.spec.name} ${build.tag} ${process.spec.port === undefined ? "started" : `listening on :${process.spec.port}`}`);
    supervisor(`success: ${process.spec.name} entered RUNNING state`);
  }

  function die(process: ManagedProcess, doom: Doom): void {
    const at = clock.now();
    log.down(at, process.spec.name);
    say(process, "error", doom.lastLine);
    ramps.delete(process.spec.name);
    process.endedAtMs = at;
    process.exitCode = doom.exitCode;
    process.lastLine = doom.lastLine;
    if (!profile.supervised) return finish({ exitCode: doom.exitCode, reason: doom.exitCode === 137 ? "OOMKilled" : "Error" }, doom.lastLine);
    process.failures += 1;
    supervisor(doom.exitCode === 137 ? `exited: ${process.spec.name} (terminated by SIGKILL; not expected)` : `exited: ${process.spec.name} (exit status ${doom.exitCode}; not expected)`);
    if (process.failures >= maxFailures) {
      process.state = "FATAL";
      supervisor(`gave up: ${process.spec.name} entered FATAL state, too many start retries too quickly`);
      return;
    }
    process.state = "BACKOFF";
    after(retryDelayMs * process.failures, () => {
      if (process.state !== "BACKOFF") return;
      process.restarts += 1;
      spawn(process, bootMs);
    });
  }

  function finish(exit: Pick<ContainerExit, "exitCode" | "reason">, lastLine: string | undefined): void {
    if (instance.endedAtMs !== undefined) return;
    end();
    exited(exit, lastLine);
  }

  function end(): void {
    instance.endedAtMs ??= clock.now();
    for (const cancel of timers) cancel();
    timers.clear();
    for (const process of processes) {
      log.down(clock.now(), process.spec.name);
      process.state = "STOPPED";
    }
  }

  function processNamed(name: string | undefined): ManagedProcess | undefined {
    return processes.find((process) => process.spec.name === name);
  }

  /** The kernel ends the whole container, as it does for every cgroup since Kubernetes 1.28 (memory.oom.group). */
  function outOfMemory(name: string | undefined): void {
    const victim = processNamed(name) ?? processes[0];
    if (!victim) return;
    ramps.set(victim.spec.name, clock.now());
    after(memoryRampMs * (0.8 + 0.4 * random()), () => {
      const limitMi = Math.round(limitBytes / 2 ** 20);
      say(victim, "error", `${victim.spec.name}: JavaScript heap out of memory, ${limitMi}Mi of ${limitMi}Mi used`);
      finish({ exitCode: 137, reason: "OOMKilled" }, `out of memory, limit ${limitMi}Mi`);
    });
  }

  /** A build that needs a setting is one that exits where the setting is missing, and like any other where it is there. */
  function inThisEnvironment(next: Behaviour): Exclude<Behaviour, { kind: "needs-setting" }> {
    if (next.kind !== "needs-setting") return next;
    const isSet = (start.env[next.variable] ?? "") !== "";
    return isSet ? { kind: "healthy" } : { kind: "exits", exitCode: next.exitCode, lastLine: next.lastLine };
  }

  function apply(change: Behaviour): void {
    const next = inThisEnvironment(change);
    switch (next.kind) {
      case "healthy":
      case "slow":
        return;
      case "degraded":
        endTroubles();
        troubles.push({ fromMs: clock.now(), degraded: next });
        if (troubles.length > keptTroubles) troubles.shift();
        return;
      case "exits":
        after(exitsAfterMs * (0.7 + 0.6 * random()), () => {
          const first = processes[0];
          if (first) say(first, "error", next.lastLine);
          finish({ exitCode: next.exitCode, reason: "Error" }, next.lastLine);
        });
        return;
      case "out-of-memory":
        outOfMemory(next.process);
        return;
      case "process-fatal": {
        const victim = processNamed(next.process);
        if (victim) crash(victim, { exitCode: next.exitCode, lastLine: next.lastLine }, true);
      }
    }
  }

  /** A leak takes what its share of the limit leaves beside the container's other processes. */
  function swollen(process: ManagedProcess): number {
    const degraded = troubles.find((trouble) => trouble.untilMs === undefined)?.degraded;
    if (degraded?.memoryRatio === undefined || process.spec.name !== (degraded.process ?? processes[0]?.spec.name)) return 0;
    const others = processes.reduce((sum, other) => sum + (other === process ? 0 : other.spec.memoryMi * 2 ** 20), 0);
    return limitBytes * degraded.memoryRatio - others;
  }

  function endTroubles(): void {
    for (const trouble of troubles) trouble.untilMs ??= clock.now();
  }

  function crash(process: ManagedProcess, doom: Doom, forever: boolean): void {
    if (forever) process.doom = doom;
    if (process.state === "RUNNING" || process.state === "STARTING") die(process, doom);
  }

  function begin(): void {
    const behaviour = inThisEnvironment(given);
    if (start.wrongArchitecture) {
      const lastLine = "exec /usr/local/bin/docker-entrypoint.sh: exec format error";
      log.write(clock.now(), undefined, lastLine);
      after(60, () => finish({ exitCode: 255, reason: "Error" }, lastLine));
      return;
    }
    if (behaviour.kind === "process-fatal") {
      const victim = processNamed(behaviour.process);
      if (victim) victim.doom = { exitCode: behaviour.exitCode, lastLine: behaviour.lastLine };
    }
    // What is bound to end while it starts never listens: a rollout must not take it for ready.
    const doomedStart = behaviour.kind === "exits" || behaviour.kind === "out-of-memory";
    const ageMs = start.resumed ? elapsedMs(clock, start.startedAtMs) : 0;
    const upAfterMs = behaviour.kind === "slow" ? behaviour.readyAfterSeconds * 1000 - ageMs : bootMs * (0.7 + 0.6 * random());
    for (const process of processes) {
      if (start.resumed && !process.doom && !doomedStart && (behaviour.kind !== "slow" || upAfterMs <= 0)) {
        process.state = "RUNNING";
        log.up(start.startedAtMs, process.spec);
      } else spawn(process, doomedStart ? undefined : upAfterMs);
    }
    if (doomedStart) apply(behaviour);
    if (behaviour.kind === "degraded") troubles.push({ fromMs: start.startedAtMs, degraded: behaviour });
    if (pod.spec.restartPolicy === "Never" || pod.spec.restartPolicy === "OnFailure") completeLater();
  }

  function completeLater(): void {
    after(jobMs, () => {
      const first = processes[0];
      if (first) say(first, "info", "done, exiting");
      finish({ exitCode: 0, reason: "Completed" }, undefined);
    });
  }

  const instance: ContainerInstance = {
    profile,
    log,
    processes,
    start,
    troubles,
    apply,
    crash,
    heal(only) {
      if (only === undefined) endTroubles();
      for (const process of only ? [only] : processes) {
        delete process.doom;
        ramps.delete(process.spec.name);
        if (process.state !== "FATAL" && process.state !== "BACKOFF" && process.state !== "STOPPED") continue;
        process.failures = 0;
        process.restarts += 1;
        spawn(process, bootMs);
      }
    },
    memoryBytes(process) {
      if (process.state !== "RUNNING" && process.state !== "STARTING") return 0;
      const rest = process.spec.memoryMi * 2 ** 20 * (0.96 + (mix(process.spec.name + pod.metadata.uid, Math.floor(clock.now() / 15_000)) % 100) / 1000);
      const rampStart = ramps.get(process.spec.name);
      if (rampStart === undefined) return Math.round(Math.max(rest, swollen(process)));
      const ratio = Math.min(1, ((clock.now() - rampStart) * clock.speed) / memoryRampMs);
      return Math.round(rest + (limitBytes - rest) * ratio);
    },
    end,
  };
  begin();
  return instance;
}
