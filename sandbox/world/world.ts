import { createClock, createScope, elapsedMs, type Clock } from "#sandbox/controllers/clock.ts";
import type { Pod } from "#sandbox/controllers/pod-shape.ts";
import { requests } from "#sandbox/controllers/scheduling.ts";
import { answerRequest, type Answer } from "#sandbox/world/answers.ts";
import type { ContainerExit, ContainerHost } from "#sandbox/world/container-host.ts";
import { createContainerInstance, type ContainerInstance, type Doom, type ManagedProcess } from "#sandbox/world/container-instance.ts";
import { mix } from "#sandbox/world/container-log.ts";
import type { Behaviour } from "#sandbox/world/types.ts";

/** What happens to every container of a Big Pod until it is taken away, recreated pods included. */
export interface Fault {
  namespace: string;
  bigPod: string;
  /** Absent: every container that the behaviour can touch. */
  container?: string;
  behaviour: Behaviour;
}

/** One pod's containers. `crashes`: exits in a row, for a monitor beside them. */
export interface PodHome {
  pod: Pod;
  instances: Map<string, ContainerInstance>;
  previous: Map<string, ContainerInstance>;
  crashes: Map<string, { count: number; exitCode: number; lastLine: string }>;
  /** Containers of one process that was crashed for ever: the whole container ends with it, each time. */
  doomed: Map<string, Doom>;
}

/** The pretended machines' insides: containers, their processes and what is wrong with them. */
export interface World extends ContainerHost {
  home(podUid: string): PodHome | undefined;
  homes(): readonly PodHome[];
  /** Crashes a process of a pod; false when there is no such process running. `forever`: it dies again at each start. */
  crash(podUid: string, process: string, doom: Doom, forever: boolean): boolean;
  heal(podUid: string, process?: string): boolean;
  setFault(fault: Fault): void;
  clearFaults(namespace: string, bigPod: string, container?: string): void;
  faults(): readonly Fault[];
  /** Processor use of a Big Pod as a share of what its pods request. Undefined: back to ordinary. */
  setCpuLoad(namespace: string, bigPod: string, ratio: number | undefined): void;
  /** Undefined: connection refused. */
  answer(podUid: string, port: number, method: string, path: string, body?: string): Answer | undefined;
  stopAll(): void;
}

export interface WorldSetup {
  now?: () => number;
  random?: () => number;
  speed?: number;
  /** Replaces the clock made of `now` and `speed`. */
  clock?: Clock;
}

/** Name of the Big Pod a pod belongs to. */
export function bigPodOf(pod: Pod): string {
  return pod.metadata.labels?.["app.kubernetes.io/name"] ?? pod.metadata.labels?.app ?? pod.metadata.name;
}

const ordinaryLoad = 0.28;
/** A container that lived this long has not crashed "in a row". */
const crashMemoryMs = 60_000;

export function createWorld({ now, random = Math.random, speed, clock: given }: WorldSetup): World {
  const clock = given ? createScope(given) : createClock({ now, speed });
  const homes = new Map<string, PodHome>();
  const listeners = new Set<(exit: ContainerExit) => void>();
  const loads = new Map<string, number>();
  let faults: Fault[] = [];

  function faultFor(pod: Pod, container: string): Fault | undefined {
    return faults.find((fault) => fault.namespace === pod.metadata.namespace && fault.bigPod === bigPodOf(pod) && (fault.container === undefined || fault.container === container));
  }

  function findProcess(podUid: string, name: string): { instance: ContainerInstance; process: ManagedProcess } | undefined {
    for (const instance of homes.get(podUid)?.instances.values() ?? []) {
      const process = instance.endedAtMs === undefined ? instance.processes.find((candidate) => candidate.spec.name === name) : undefined;
      if (process) return { instance, process };
    }
    return undefined;
  }

  function noteExit(home: PodHome, container: string, instance: ContainerInstance, exitCode: number, lastLine: string | undefined): void {
    const before = elapsedMs(clock, instance.start.startedAtMs) < crashMemoryMs ? (home.crashes.get(container)?.count ?? 0) : 0;
    home.crashes.set(container, { count: before + 1, exitCode, lastLine: lastLine ?? "" });
  }

  const world: World = {
    start(start) {
      const { uid } = start.pod.metadata;
      const home = homes.get(uid) ?? { pod: start.pod, instances: new Map(), previous: new Map(), crashes: new Map(), doomed: new Map() };
      home.pod = start.pod;
      homes.set(uid, home);
      const before = home.instances.get(start.container);
      if (before) {
        before.end();
        home.previous.set(start.container, before);
      }
      const doom = home.doomed.get(start.container);
      const behaviour = faultFor(start.pod, start.container)?.behaviour ?? (doom ? { kind: "exits" as const, ...doom } : start.build.behaviour);
      const instance = createContainerInstance({
        clock,
        random,
        start,
        behaviour,
        exited(exit, lastLine) {
          if (exit.exitCode !== 0) noteExit(home, start.container, instance, exit.exitCode, lastLine);
          for (const listener of listeners) listener({ podUid: uid, container: start.container, ...exit });
        },
      });
      home.instances.set(start.container, instance);
    },
    stop(podUid, container) {
      homes.get(podUid)?.instances.get(container)?.end();
    },
    forget(podUid) {
      for (const instance of homes.get(podUid)?.instances.values() ?? []) instance.end();
      homes.delete(podUid);
    },
    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    probe(podUid, port, path) {
      return world.answer(podUid, port, "GET", path) ?? "refused";
    },
    milliCpuOf(pod) {
      const ratio = loads.get(`${pod.metadata.namespace}/${bigPodOf(pod)}`) ?? ordinaryLoad;
      const noise = 0.95 + (mix(pod.metadata.uid, Math.floor(clock.now() / 15_000)) % 100) / 1000;
      return Math.round(requests(pod, "cpu") * ratio * noise);
    },
    home: (podUid) => homes.get(podUid),
    homes: () => [...homes.values()],
    crash(podUid, process, doom, forever) {
      const found = findProcess(podUid, process);
      if (!found) return false;
      if (forever && !found.instance.profile.supervised) homes.get(podUid)?.doomed.set(found.instance.start.container, doom);
      found.instance.crash(found.process, doom, forever);
      return true;
    },
    heal(podUid, process) {
      const home = homes.get(podUid);
      let found = false;
      for (const [container, instance] of home?.instances ?? []) {
        const known = process === undefined ? instance.processes : instance.processes.filter((candidate) => candidate.spec.name === process);
        if (known.length === 0) continue;
        found = true;
        home?.doomed.delete(container);
        if (instance.endedAtMs === undefined) for (const candidate of known) instance.heal(candidate);
      }
      return found;
    },
    setFault(fault) {
      world.clearFaults(fault.namespace, fault.bigPod, fault.container);
      faults = [...faults, fault];
      for (const home of homes.values()) {
        for (const [container, instance] of home.instances) {
          if (instance.endedAtMs === undefined && faultFor(home.pod, container) === fault) instance.apply(fault.behaviour);
        }
      }
    },
    clearFaults(namespace, bigPod, container) {
      const ended = faults.filter((fault) => fault.namespace === namespace && fault.bigPod === bigPod && (container === undefined || fault.container === container));
      faults = faults.filter((fault) => !ended.includes(fault));
      if (ended.length === 0) return;
      for (const home of homes.values()) {
        if (home.pod.metadata.namespace !== namespace || bigPodOf(home.pod) !== bigPod) continue;
        for (const instance of home.instances.values()) if (instance.endedAtMs === undefined) instance.heal();
      }
    },
    faults: () => faults,
    setCpuLoad(namespace, bigPod, ratio) {
      const key = `${namespace}/${bigPod}`;
      if (ratio === undefined) loads.delete(key);
      else loads.set(key, ratio);
    },
    answer(podUid, port, method, path, body) {
      const home = homes.get(podUid);
      return home && answerRequest(home, port, method, path, clock.now(), body);
    },
    stopAll() {
      clock.stop();
    },
  };
  return world;
}
