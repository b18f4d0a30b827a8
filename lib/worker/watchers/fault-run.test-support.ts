import { createClusterApi } from "#lib/adapters/kubernetes/cluster-api.ts";
import type { SourceState } from "#lib/contracts/state.ts";
import { kinds, type ClusterApi, type ResourceKind } from "#lib/ports/cluster.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { faultRunLabel, type FaultCluster, type FaultWorld } from "#lib/worker/watchers/fault-run-cluster.test-support.ts";
import { faultKinds, type ActiveFault, type FaultKind, type FaultTimes, type FaultTools } from "#lib/worker/watchers/fault-run-faults.test-support.ts";
import { startFaultGate } from "#lib/worker/watchers/fault-run-gate.test-support.ts";
import { createClusterPulse } from "#lib/worker/watchers/reflector-pulse.ts";
import { randomFrom, silent } from "#lib/worker/watchers/reflector-rig.test-support.ts";
import { createReflector, type Reflector, type ReflectorTuning } from "#lib/worker/watchers/reflector.ts";

/** One run: three reflectors (two of one kind) behind a gate, random writes, a random sequence of faults, and what must hold all the while. */

export const recoveryLimitMs = 5_000;
export const silentRecoveryLimitMs = 10_000;
const lookEveryMs = 50;
const usualLatenessMs = 15;

export interface RunSettings {
  times: FaultTimes;
  tuning: ReflectorTuning;
  pulse: { intervalMs?: number; timeoutMs?: number };
  /** Between two writes, at most. */
  writeGapMs: number;
  /** Names of the only faults to use; all when left out. */
  only?: readonly string[];
  /** The first fault is an outage of this long. */
  outageMs?: number;
}

export interface Violation {
  seed: number;
  fault: string;
  what: string;
}

export interface Recovery {
  fault: string;
  ms: number;
  seed: number;
  silent: boolean;
}

export interface RunResult {
  recoveries: Recovery[];
  violations: Violation[];
  writes: number;
  heldUpMs: number;
}

interface Follower {
  name: string;
  kind: ResourceKind;
  reflector: Reflector;
  /** What a consumer holds that only follows the events. */
  mirror: Map<string, string>;
  /** Every status since the present fault began. */
  said: Set<SourceState["status"]>;
  /** Live, but not what is there, since. */
  wrongSince: number | null;
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, milliseconds));
const held = (follower: Follower): string => [...follower.reflector.items().values()].map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).toSorted().join("\n");
const mirrored = (follower: Follower): string => [...follower.mirror].map(([uid, version]) => `${uid} ${version}`).toSorted().join("\n");

/** Writes at random from behind the gate, and knows what must be there. Between writes `settled` resolves. */
function createWriter(world: FaultWorld, written: readonly ResourceKind[], random: () => number, gapMs: number, onFailure: (error: unknown) => void) {
  const truth = new Map(written.map((kind) => [kind.plural, new Map<string, { uid: string; resourceVersion: string }>()]));
  let ended = false;
  let paused = false;
  let busy: Promise<void> = Promise.resolve();
  let count = 0;

  async function write(kind: ResourceKind): Promise<void> {
    const known = truth.get(kind.plural) ?? new Map();
    const name = `thing-${Math.floor(random() * 14)}`;
    count += 1;
    // Never fewer than eight, so that a list has more than two pages.
    if (known.has(name) && known.size > 8 && random() < 0.4) {
      await world.remove(kind, name);
      known.delete(name);
    } else {
      known.set(name, await world.put(kind, name, count));
    }
  }
  async function run(): Promise<void> {
    while (!ended) {
      await wait(gapMs * (0.1 + random()));
      if (ended || paused) continue;
      busy = write(written[Math.floor(random() * written.length)] as ResourceKind).catch(onFailure);
      await busy;
    }
  }
  let loop: Promise<void> = Promise.resolve();
  return {
    async begin() {
      for (const kind of written) for (let index = 0; index < 9; index += 1) truth.get(kind.plural)?.set(`thing-${index}`, await world.put(kind, `thing-${index}`, 0));
      loop = run();
    },
    must: (kind: ResourceKind) => [...(truth.get(kind.plural)?.values() ?? [])].map(({ uid, resourceVersion }) => `${uid} ${resourceVersion}`).toSorted().join("\n"),
    /** One write of each kind now. */
    async once() {
      for (const kind of written) await write(kind);
    },
    async pause() {
      paused = true;
      await busy;
    },
    go: () => void (paused = false),
    /** What must be there now; call while paused. The function returned makes it so again, after the server was put back. */
    keep() {
      const copy = new Map([...truth].map(([plural, known]) => [plural, new Map(known)]));
      return () => {
        for (const [plural, known] of copy) truth.set(plural, known);
      };
    },
    async stop() {
      ended = true;
      await loop;
    },
    count: () => count,
  };
}

export async function faultRun(cluster: FaultCluster, seed: number, settings: RunSettings): Promise<RunResult> {
  const random = randomFrom(seed);
  const result: RunResult = { recoveries: [], violations: [], writes: 0, heldUpMs: 0 };
  let during = "the start";
  const violate = (what: string): void => void result.violations.push({ seed, fault: during, what });
  const world = await cluster.open(seed);
  const gate = await startFaultGate(world.upstream, random);
  const token = { presented: gate.token, renewed: "second" };
  const clients: ClusterApi[] = [];
  function client(name: string): ClusterApi {
    let read = token.presented;
    const api = createClusterApi({
      name: "faulty",
      connection: { server: new URL(gate.url), servername: undefined, verifyTls: true, credentials: async () => ({ headers: { authorization: `Bearer ${read}.${name}` }, tls: {} }), forget: () => void (read = token.presented) },
      log: silent,
    });
    clients.push(api);
    return api;
  }
  const api = client("pulse");
  const pulse = createClusterPulse({ api, log: silent, ...settings.pulse });
  const written: ResourceKind[] = [kinds.configMaps, cluster.grouped];

  function follow(name: string, kind: ResourceKind): Follower {
    const mirror = new Map<string, string>();
    const said = new Set<SourceState["status"]>();
    const onSource = (state: SourceState): void => {
      said.add(state.status);
      if (state.status === "live" || state.status === "connecting") return;
      if (state.reason === null || state.reason.length < 20) violate(`${name} is ${state.status} without saying why: ${state.reason}`);
      if (!(Date.parse(state.since) <= Date.now() + 5)) violate(`${name} is ${state.status} since ${state.since}, which is yet to come`);
    };
    const reflector = createReflector({
      api: client(String(clients.length)), kind, namespace: world.namespace, key: `faulty/${name}`, environment: "prod", title: name, required: true,
      log: silent, clock: systemClock, random, pulse, onSource,
      onChange({ type, object }) {
        const { uid, resourceVersion } = object.metadata;
        if (mirror.has(uid) === (type === "ADDED")) violate(`${name}: ${type} ${object.metadata.name} does not fit what its events told before`);
        if (type === "DELETED") mirror.delete(uid);
        else mirror.set(uid, resourceVersion);
      },
      options: { pageSize: 3, labelSelector: `${faultRunLabel}=yes`, ...settings.tuning },
    });
    return { name, kind, reflector, mirror, said, wrongSince: null };
  }
  const followers = [follow("ConfigMaps", kinds.configMaps), follow("ConfigMaps again", kinds.configMaps), follow("of a group", cluster.grouped)];
  const writer = createWriter(world, written, random, settings.writeGapMs, (error) => violate(`a write behind the gate failed: ${String(error)}`));
  let unwatched = true;
  let lag = performance.now();
  /** How long this process got no CPU, or was busy with itself: everything of a run happens in it, so that such time says nothing about reflectors. */
  let heldUpMs = 0;

  /** Never falsely live: what is called live is what is there, but for the time in which it cannot be noticed. */
  const looking = setInterval(() => {
    const now = performance.now();
    const late = now - lag > 500;
    heldUpMs += Math.max(0, now - lag - lookEveryMs - usualLatenessMs);
    lag = now;
    for (const follower of followers) {
      if (unwatched || late || follower.reflector.source().status !== "live" || held(follower) === writer.must(follower.kind)) follower.wrongSince = null;
      else follower.wrongSince ??= now;
      if (follower.wrongSince === null || now - follower.wrongSince < silentRecoveryLimitMs) continue;
      violate(`${follower.name} has been called live for ten seconds while it was not what is there`);
      follower.wrongSince = null;
    }
  }, lookEveryMs);

  /** Resolves with the milliseconds until every reflector is live and equals a fresh list. */
  async function inStep(limitMs: number): Promise<number> {
    const startedAt = performance.now();
    const heldUpBefore = heldUpMs;
    const truth = new Map<string, string>();
    for (const kind of written) truth.set(kind.plural, (await world.list(kind)).join("\n"));
    const wrong = (): Follower[] => followers.filter((one) => one.reflector.source().status !== "live" || held(one) !== truth.get(one.kind.plural));
    while (wrong().length > 0) {
      const ms = performance.now() - startedAt - (heldUpMs - heldUpBefore);
      if (ms > limitMs) {
        const words = wrong().map((one) => `${one.name} is ${one.reflector.source().status} (${one.reflector.source().reason ?? "no reason"})${held(one) === truth.get(one.kind.plural) ? "" : " and not what is there"}`);
        violate(`${limitMs / 1000} s after it was over: ${words.join("; ")}`);
        return ms;
      }
      await wait(10);
    }
    for (const one of followers) if (held(one) !== mirrored(one)) violate(`${one.name}: its events do not add up to what it holds`);
    return performance.now() - startedAt - (heldUpMs - heldUpBefore);
  }

  async function hold(kind: FaultKind, holdMs: number): Promise<void> {
    const tools: FaultTools = { gate, world, grouped: cluster.grouped, times: settings.times, random, token };
    const rewinds = kind.name.endsWith("versions back");
    let putBack: (() => void) | null = null;
    if (rewinds) {
      await writer.pause();
      world.backup();
      putBack = writer.keep();
      writer.go();
      // What is put back must differ from what was seen: some writes lie between.
      await wait(holdMs);
    }
    // Nobody writes to a server that is away.
    if (kind.name.startsWith("restart of")) await writer.pause();
    for (const { said } of followers) said.clear();
    const heldUpBefore = heldUpMs;
    const active: ActiveFault = await kind.start(tools);
    putBack?.();
    writer.go();
    if (!rewinds) await wait(holdMs);
    const lostMs = heldUpMs - heldUpBefore;
    // A process that could not look around may call anything stale; what it says then is right, but not the fault's doing.
    if (lostMs < 500) expectTold(kind, active, rewinds ? 0 : holdMs - lostMs);
    result.heldUpMs += lostMs;
    await writer.pause();
    await active.end();
    const ms = await inStep(active.silent ? silentRecoveryLimitMs : recoveryLimitMs);
    result.recoveries.push({ fault: kind.name, ms, seed, silent: active.silent });
    writer.go();
  }

  function expectTold(kind: FaultKind, { expected, noticeMs, only, sometime = false }: ActiveFault, heldMs: number): void {
    if (expected === null || heldMs < noticeMs) return;
    for (const { name, kind: resource, reflector, said } of followers) {
      const state = reflector.source();
      if (only !== null && resource.plural !== only) {
        if (state.status !== "live") violate(`${name} is ${state.status} (${state.reason ?? "no reason"}), although only ${only} are touched`);
      } else if (!expected.some((status) => status === state.status || (sometime && said.has(status)))) {
        violate(`${name} is ${state.status} after ${Math.round(heldMs)} ms of "${kind.name}", not ${expected.join(" or ")}`);
      }
    }
  }

  try {
    await writer.begin();
    for (const { reflector } of followers) reflector.start();
    await writer.pause();
    await inStep(silentRecoveryLimitMs);
    unwatched = false;
    writer.go();
    const usable = faultKinds.filter((kind) => kind.possible(world) && (settings.only === undefined || settings.only.includes(kind.name)));
    const rounds = settings.outageMs === undefined ? 2 + Math.floor(random() * 3) : 1;
    for (let round = 0; round < rounds; round += 1) {
      const kind = settings.outageMs === undefined ? usable[Math.floor(random() * usable.length)] : faultKinds.find(({ name }) => name === "outage");
      if (kind === undefined) throw new Error(`there is no fault called ${settings.only?.join(", ")}`);
      const [least, most] = settings.times.hold;
      during = kind.name;
      await hold(kind, settings.outageMs ?? least + (most - least) * random() ** 2);
    }
    during = "the end";
    await writer.pause();
    await writer.once();
    await inStep(recoveryLimitMs);
  } finally {
    clearInterval(looking);
    await writer.stop();
    await Promise.all(followers.map(({ reflector }) => reflector.stop()));
    await pulse.stop();
    for (const one of clients) one.close();
    await gate.close();
    await world.close();
  }
  result.writes = writer.count();
  return result;
}
