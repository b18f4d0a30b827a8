import type { Config, EnvironmentConfig } from "#lib/contracts/config.ts";
import type { BigPodState, SourceState } from "#lib/contracts/state.ts";
import { bigPodsByWorkload, colourNames, isBlueGreen, scaledDeployment, withoutColourOf } from "#lib/domain/colour.ts";
import { VigieError } from "#lib/domain/error.ts";
import { blindState, sourceSentence } from "#lib/domain/fold-blind.ts";
import { surroundingNames } from "#lib/domain/surroundings.ts";
import { foldColoured } from "#lib/domain/fold-colour.ts";
import { withLastLines } from "#lib/domain/fold-last-line.ts";
import { isAnyAsked } from "#lib/domain/fold-services.ts";
import { eventsByObject, foldBigPod, podsToAsk } from "#lib/domain/fold.ts";
import { sameJson } from "#lib/domain/fold-rollout.ts";
import type { HealthInput } from "#lib/domain/health.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { EnvironmentView, EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { Clock, Log } from "#lib/ports/runtime.ts";
import { foldInputs, sameInputs, unversioned } from "#lib/worker/watchers/fold-inputs.ts";
import { busyRecheckMs, calmRecheckMs, mostOverdue, untilNextLook } from "#lib/worker/watchers/recheck.ts";
import { watchedKinds } from "#lib/worker/watchers/watching.ts";
import type { StartWatching, Watcher, Watching } from "#lib/worker/watchers/watching.ts";

/** After a start the first probe answers are awaited this long, so that a restart of the worker does not make every tile unknown for a moment. */
const firstProbesMs = 3_000;
const noHealth: HealthInput = { status: "unsupported", reason: "no monitor is configured", byPod: new Map() };

/** A view with what the observer needs beyond what operations see. */
export interface ObservedView extends EnvironmentView {
  readonly environment: EnvironmentConfig;
  states(): BigPodState[];
  sources(): SourceState[];
  configMaps(): Iterable<ClusterObject>;
  events(): Iterable<ClusterObject>;
  /** Services of the namespace with their managedFields; null while they are not known. */
  services(): Iterable<ClusterObject> | null;
  /** Whether an autoscaler decides how many pods a Big Pod has; null while nobody can say. */
  autoscaled(bigPod: string): boolean | null;
  /** Takes over since when a status holds, from what was stored before. */
  adopt(stored: readonly BigPodState[]): void;
  /** Called after each fold that changed a state, and after each change of a source or ConfigMap. Returns the function that ends it. */
  onChange(listener: () => void): () => void;
}

export interface Views extends EnvironmentViews {
  /** Opens without waiting; ref-counted like `open`. */
  observe(environment: string): ObservedView;
  closeAll(): Promise<void>;
}

interface Shared {
  view: Omit<ObservedView, "close">;
  references: number;
  stop(): Promise<void>;
}

/** Equal but for the moment of looking. */
export function sameState(a: BigPodState, b: BigPodState): boolean {
  return sameJson({ ...a, observedAt: null }, { ...b, observedAt: null });
}

function named(watcher: Watcher | undefined, name: string | undefined): ClusterObject | undefined {
  if (watcher === undefined || name === undefined) return undefined;
  for (const object of watcher.items().values()) if (object.metadata.name === name) return object;
  return undefined;
}

function sameSides(a: ReadonlyMap<string, BigPodState> | undefined, b: ReadonlyMap<string, BigPodState>): boolean {
  return [...b].every(([name, state]) => {
    const before = a?.get(name);
    return before !== undefined && sameState(before, state);
  });
}

function createView(environment: EnvironmentConfig, config: Config, startWatching: StartWatching, clock: Clock, log: Log): { view: Shared["view"]; stop(): Promise<void> } {
  const states = new Map<string, BigPodState>();
  const stored = new Map<string, BigPodState>();
  /** Per Big Pod: what its state was folded from, and when it is folded anew all the same. */
  const looked = new Map<string, { seen: readonly unknown[]; dueAt: number }>();
  /** Under blue-green: the states of both colours, by Big Pod and Deployment. */
  const sides = new Map<string, ReadonlyMap<string, BigPodState>>();
  const listeners = new Set<() => void>();
  const startedAt = clock.now().getTime();
  let scheduled: NodeJS.Immediate | undefined;
  let recheck: NodeJS.Timeout | undefined;
  let stopped = false;
  let probesSeen = false;
  let told = "";
  const watching: Watching = startWatching(environment, schedule);

  function schedule(): void {
    if (stopped || scheduled) return;
    scheduled = setImmediate(() => {
      scheduled = undefined;
      try {
        refold();
      } catch (error) {
        log.error({ environment: environment.name, err: error }, "A fold failed");
      }
    });
  }

  const bigPodsAsked = bigPodsByWorkload(environment, config.bigPods);
  const watched = (): SourceState[] => [...watchedKinds.map((kind) => watching.watchers[kind]), ...Object.values(watching.colours ?? {})].map((watcher) => watcher.source());
  const required = (): SourceState[] => watched().filter((source) => source.required);
  const sources = (): SourceState[] => {
    const probe = watching.health();
    return [...watched(), ...(probe ? [probe.source, ...probe.others] : []), ...watching.surroundings().sources];
  };

  function everyPodAnswered({ status, byPod }: HealthInput): boolean {
    const { deployments, replicaSets, pods } = watching.watchers;
    if (status !== "live" && status !== "connecting") return true;
    return podsToAsk(bigPodsAsked.filter(isAnyAsked), deployments.items().values(), replicaSets.items().values(), pods.items()).every((pod) => byPod.has(pod.uid));
  }

  function fold(now: Date): BigPodState[] {
    const { deployments, replicaSets, pods, events } = watching.watchers;
    const health = watching.health();
    const keys = [...required().map((s) => s.key), ...(health ? [health.source.key] : [])];
    const missing = [deployments, replicaSets, pods, ...Object.values(watching.colours ?? {})].find((w) => !w.listed());
    if (missing) {
      const source = missing.source();
      if (source.status === "connecting") return [];
      return config.bigPods.map((bigPod) => states.get(bigPod.name) ?? stored.get(bigPod.name) ?? blindState(environment.name, bigPod, source, keys, now));
    }
    probesSeen ||= health === null || now.getTime() - startedAt > firstProbesMs || everyPodAnswered(health.input);
    if (!probesSeen) return [];
    const lines = watching.lastLines();
    const surroundings = watching.surroundings().known;
    const namespaceMissingIn = watching.namespaceMissingIn();
    const around = surroundingNames.flatMap((name) => [name, surroundings[name] === null, ...(surroundings[name] ?? []).map(unversioned)]);
    const shared: unknown[] = [namespaceMissingIn, ...keys, health?.input.metrics?.status ?? null, health?.input.metrics?.reason ?? null, ...around];
    const inputsOf = foldInputs({ deployments: deployments.items().values(), replicaSets, pods, events: events.items().values(), lastLines: lines, health: health?.input ?? noHealth });
    // Both colours belong to a Big Pod, so there everything is looked at each time.
    const both = isBlueGreen(environment)
      ? { deployments: [...deployments.items().values()], replicaSets: [...replicaSets.items().values()], pods: [...pods.items().values()].map((pod) => withLastLines(pod, lines)), events: eventsByObject(events.items().values()) }
      : null;
    const late = both === null ? mostOverdue(looked, now.getTime()) : null;
    return config.bigPods.flatMap((bigPod) => {
      const { seen, ...ownInputs } = inputsOf(bigPod);
      const all = [...shared, ...seen];
      const before = looked.get(bigPod.name);
      // Only what changed is folded; the rest again when its time has come, for what follows from time alone.
      if (late !== null && before !== undefined && !late.has(bigPod.name) && sameInputs(before.seen, all)) return [];
      const input = {
        environment: environment.name,
        namespace: environment.namespace,
        namespaceMissingIn,
        bigPod,
        ...(both ?? ownInputs),
        health: health?.input ?? noHealth,
        surroundings,
        sources: keys,
        previous: states.get(bigPod.name) ?? stored.get(bigPod.name) ?? null,
        now,
      };
      const coloured = both === null ? null : foldColoured(input, watching.colours?.services.items().values() ?? [], watching.colours?.autoscalers.items().values() ?? [], sides.get(bigPod.name) ?? new Map());
      if (coloured !== null) sides.set(bigPod.name, coloured.sides);
      const state = coloured?.state ?? foldBigPod(input);
      const calm = state.status === "healthy" && state.restarts === 0;
      looked.set(bigPod.name, { seen: all, dueAt: now.getTime() + (calm ? calmRecheckMs : busyRecheckMs) });
      return [state];
    });
  }

  /** What listeners want to hear of besides states: sources, and ConfigMaps, which stand in no state. */
  function surroundings(): string {
    const told = sources().map((source) => `${source.key} ${source.status} ${source.reason ?? ""}`);
    for (const map of watching.watchers.configMaps.items().values()) told.push(`${map.metadata.uid} ${map.metadata.resourceVersion}`);
    return told.join("\n");
  }

  function refold(): void {
    if (stopped) return;
    const now = clock.now();
    const sidesBefore = new Map(sides);
    const folded = fold(now);
    let changed = [...sides].some(([bigPod, side]) => !sameSides(sidesBefore.get(bigPod), side));
    for (const state of folded) {
      const before = states.get(state.bigPod);
      if (before && sameState(before, state)) continue;
      states.set(state.bigPod, state);
      changed = true;
    }
    const around = surroundings();
    if (around !== told) changed = true;
    told = around;
    clearTimeout(recheck);
    recheck = setTimeout(schedule, untilNextLook(looked, now.getTime()));
    if (changed) for (const listener of listeners) listener();
  }

  /** Under blue-green: the Deployment that serves, as it was folded. */
  function workloadName(bigPod: string): string | undefined {
    return isBlueGreen(environment) ? states.get(bigPod)?.workload?.name : config.bigPods.find((candidate) => candidate.name === bigPod)?.workload.name;
  }

  function onChange(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  const view: Shared["view"] = {
    environment,
    state: (bigPod) => states.get(bigPod),
    states: () => [...states.values()],
    sources,
    workload: (bigPod) => named(watching.watchers.deployments, workloadName(bigPod)),
    side: (bigPod, workload) => ({ workload: named(watching.watchers.deployments, workload), state: isBlueGreen(environment) ? sides.get(bigPod)?.get(workload) : states.get(bigPod) }),
    recordable(bigPod) {
      const workload = named(watching.watchers.deployments, workloadName(bigPod));
      const configured = config.bigPods.find((candidate) => candidate.name === bigPod);
      if (workload === undefined || configured === undefined || !isBlueGreen(environment)) return workload;
      return withoutColourOf(workload, configured.workload.name, colourNames(configured).label);
    },
    service: (name) => named(watching.colours?.services, name),
    autoscalers: () => watching.colours?.autoscalers.items().values() ?? [],
    configMap: (name) => named(watching.watchers.configMaps, name),
    events: () => watching.watchers.events.items().values(),
    services() {
      // Rules see less of an object than was watched; what was watched are whole objects.
      if (watching.colours === undefined) return watching.surroundings().known.services as readonly ClusterObject[] | null;
      return watching.colours.services.listed() ? watching.colours.services.items().values() : null;
    },
    autoscaled(bigPod) {
      const known = watching.colours === undefined ? watching.surroundings().known.autoscalers : watching.colours.autoscalers.items().values();
      const name = workloadName(bigPod);
      return known === null || name === undefined ? null : [...known].some((autoscaler) => scaledDeployment(autoscaler) === name);
    },
    configMaps: () => watching.watchers.configMaps.items().values(),
    configMapsKnown: () => watching.watchers.configMaps.listed() && watching.watchers.configMaps.source().status === "live",
    fresh: () => required().every((source) => source.status === "live"),
    adopt(previous) {
      looked.clear();
      for (const state of previous) {
        if (state.environment !== environment.name) continue;
        stored.set(state.bigPod, state);
        const own = states.get(state.bigPod);
        if (own && own.status === state.status) states.set(state.bigPod, { ...own, since: state.since });
      }
    },
    changed(timeoutMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const done = (): void => {
          clearTimeout(timer);
          off();
          signal.removeEventListener("abort", abort);
        };
        const off = onChange(() => {
          done();
          resolve();
        });
        const timer = setTimeout(() => {
          done();
          resolve();
        }, timeoutMs);
        const abort = (): void => {
          done();
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", abort, { once: true });
      });
    },
    onChange,
  };
  schedule();
  return {
    view,
    async stop() {
      stopped = true;
      clearImmediate(scheduled);
      clearTimeout(recheck);
      listeners.clear();
      await watching.stop();
    },
  };
}

/** Shared, ref-counted views: the observer keeps all of them open, operations open the one they act in; each environment is watched once per process. */
export function createEnvironmentViews(parts: { config: Config; startWatching: StartWatching; clock: Clock; log: Log }): Views {
  const { config, startWatching, clock, log } = parts;
  const shared = new Map<string, Shared>();
  const stopping = new Set<Promise<void>>();

  function observe(name: string): ObservedView {
    const environment = config.environments.find((e) => e.name === name);
    if (!environment) throw new VigieError("not-found", `There is no environment ${JSON.stringify(name)} in the configuration.`);
    let entry = shared.get(name);
    if (!entry) {
      entry = { ...createView(environment, config, startWatching, clock, log), references: 0 };
      shared.set(name, entry);
    }
    const used = entry;
    used.references += 1;
    let open = true;
    return {
      ...used.view,
      close() {
        if (!open) return;
        open = false;
        used.references -= 1;
        if (used.references > 0) return;
        if (shared.get(name) === used) shared.delete(name);
        const ended = used.stop().catch((error: unknown) => log.error({ environment: name, err: error }, "A view did not stop cleanly"));
        stopping.add(ended);
        void ended.then(() => stopping.delete(ended));
      },
    };
  }

  return {
    observe,
    async open(name, timeoutMs) {
      const view = observe(name);
      const deadline = performance.now() + timeoutMs;
      const inStep = (): boolean => view.fresh() && config.bigPods.every((bigPod) => view.state(bigPod.name) !== undefined);
      try {
        while (!inStep()) {
          const leftMs = deadline - performance.now();
          if (leftMs <= 0) {
            const silent = view.sources().find((source) => source.required && source.status !== "live");
            throw new VigieError("upstream", `${name} cannot be seen: ${silent ? sourceSentence(silent) : "its objects were not all read in time"}. Try again when its sources are live.`, { detail: { environment: name, source: silent?.key ?? null } });
          }
          await view.changed(Math.min(leftMs, 1_000), AbortSignal.timeout(60_000 + timeoutMs));
        }
        return view;
      } catch (error) {
        view.close();
        throw error;
      }
    },
    async closeAll() {
      const open = [...shared.values()];
      shared.clear();
      await Promise.all([...open.map((entry) => entry.stop()), ...stopping]);
    },
  };
}
