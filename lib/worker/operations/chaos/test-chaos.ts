import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Operation, PlanTarget } from "#lib/contracts/operation.ts";
import { storedTargets } from "#lib/db/repositories/operation.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { root } from "#lib/runtime/home.ts";
import { chaosWorker } from "#lib/worker/operations/chaos/test-bundle.ts";
import { startDatabaseProxy } from "#lib/worker/operations/chaos/test-database-proxy.ts";
import type { DatabaseProxy } from "#lib/worker/operations/chaos/test-database-proxy.ts";
import { recordHistory, violations } from "#lib/worker/operations/chaos/test-history.ts";
import type { History } from "#lib/worker/operations/chaos/test-history.ts";
import { frozenMs, halfOpenMs, strikeWords } from "#lib/worker/operations/chaos/test-strike.ts";
import type { Strike } from "#lib/worker/operations/chaos/test-strike.ts";
import { openStage, releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage, World } from "#lib/worker/operations/test-stage.ts";

/** What one run does. Everything in it comes from its seed. */
export interface Scenario {
  seed: number;
  /** forth: a promotion that succeeds. back: the rollback of it. bad: a promotion that fails in prod and returns. aborted: one that is aborted on its way and returns. */
  what: "forth" | "back" | "bad" | "aborted";
  workers: 1 | 2;
  strikes: Strike[];
  abortAfterMs: number;
}

export interface RunResult {
  scenario: Scenario;
  status: Operation["status"];
  /** Strikes that happened: one may stand behind the end. */
  struck: string[];
  /** From the last strike, or the moment a worker lived again, to the end; null when no strike happened. */
  recoveredMs: number | null;
  violations: string[];
}

/** The limit of issue and DESIGN: a living worker finishes or returns an operation within this time. */
export const recoveryLimitMs = 15_000;

/** Between runs nothing is measured: a machine that is busy may take its time. */
const quietLimitMs = 90_000;

/** No run takes so long: one that does has lost something the suite waits for, and says what, instead of using up the time of all that follow. */
const runLimitMs = 300_000;

interface Worker {
  holder: string;
  child: ChildProcess;
  /** Settles when it says that it was struck where it was armed. Made anew each time it is armed. */
  hit: Promise<ChildProcess>;
}

export interface Chaos {
  run(scenario: Scenario): Promise<RunResult>;
  /** Where prod stands: what the next scenario may be. */
  readonly promoted: boolean;
  stop(): Promise<void>;
}

export async function openChaos(name: string, options: { speed?: number; world?: World } = {}): Promise<Chaos> {
  const stage = await openStage(options);
  const namespace = stage.context.config.environments.find((one) => one.name === "prod")?.namespace ?? "";
  const staging = stage.context.config.environments.find((one) => one.name === "staging")?.namespace ?? "";
  const bundled = await chaosWorker();
  const proxy = await startDatabaseProxy(stage.database.url);
  const history = await recordHistory(stage.apiOf("prod"), namespace);
  const live: Worker[] = [];
  let started = 0;
  let promoted = false;
  let first: number | null = null;

  async function startOne(): Promise<Worker> {
    started += 1;
    const holder = `${name}-${started}`;
    const child = fork(bundled.script, {
      env: { ...process.env, DATABASE_URL: proxy.url(stage.database.url), VIGIE_CONFIG: stage.configFile, HOLDER: holder, VIGIE_LOG: process.env.CHAOS_WORKER_LOG ?? "error", VIGIE_LAUNCHER: String(process.pid) },
      stdio: ["ignore", process.env.CHAOS_WORKER_LOG === undefined ? "ignore" : "inherit", "inherit", "ipc"],
      // A suite that is killed leaves no worker behind.
      execArgv: ["--import", join(root, "lib/runtime/stack/die-with-parent.mjs")],
    });
    // It is armed again and again, and each time listened to.
    child.setMaxListeners(0);
    const worker: Worker = { holder, child, hit: new Promise(() => undefined) };
    live.push(worker);
    // One that freezes itself is woken by this, whatever the run does meanwhile: frozen for good it would keep its locks, and everybody waiting.
    child.on("message", (said: object) => {
      if ("struck" in said && said.struck === "freeze") setTimeout(() => void child.kill("SIGCONT"), frozenMs + 250);
    });
    child.once("exit", () => void live.splice(live.indexOf(worker), live.includes(worker) ? 1 : 0));
    await message(child, "ready");
    return worker;
  }

  async function workersAre(count: number): Promise<void> {
    while (live.length < count) await startOne();
    for (const { child } of live.splice(count)) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
  }

  async function quiet(): Promise<void> {
    await stage.settled("staging", quietLimitMs);
    await stage.settled("prod", quietLimitMs);
  }

  async function ask(what: Scenario["what"]): Promise<string> {
    const until = performance.now() + quietLimitMs;
    for (;;) {
      await quiet();
      first ??= (await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;
      try {
        const plan = await stage.plan(what === "back" ? { kind: "rollback", environment: "prod", release: first } : { kind: "promotion", from: "staging", to: "prod" });
        return await stage.confirm(plan);
      } catch (error) {
        // A worker that was struck at the end of the run before may not have told all it saw, or nobody watches yet: the plan is made again, as a person would.
        if (performance.now() > until) throw error;
        await sleep(500);
      }
    }
  }

  /** Where the run is: named when it does not end. */
  let at = "";
  let limit: NodeJS.Timeout | undefined;

  async function run(scenario: Scenario): Promise<RunResult> {
    const late = new Promise<never>((_, reject) => {
      limit = setTimeout(() => void waiting(stage).then((queries) => reject(new Error(`seed ${scenario.seed} did not end within ${runLimitMs / 1000} s: it waits for ${at}; workers ${live.map(({ holder }) => holder).join(", ") || "none"}; PostgreSQL: ${queries}`))), runLimitMs);
    });
    return Promise.race([late, runThrough(scenario)]).finally(() => clearTimeout(limit));
  }

  async function runThrough(scenario: Scenario): Promise<RunResult> {
    at = "the number of workers";
    await workersAre(scenario.workers);
    if (scenario.what === "bad") await badBuild(stage, staging, true);
    at = "staging and prod to be quiet";
    await quiet();
    history.turnPage();
    at = "the workers to be armed";
    await Promise.all(live.map((worker) => arm(worker, scenario.strikes[0] ?? null)));
    at = "the operation to be accepted";
    const id = await ask(scenario.what);
    const striking = strike(stage, proxy, live, startOne, scenario, id);
    at = "the operation to end";
    if (scenario.what === "aborted") {
      await sleep(scenario.abortAfterMs);
      await persist(() => abortOperation(stage.context, releaser, id));
    }
    const operation = await stage.ended(id, 90_000);
    const endedAt = Date.now();
    at = "the strikes to be over";
    const { struck, lastAt, troubles } = await striking.stop();
    at = "what is judged";
    const found = [...troubles, ...(await judge(stage, history, namespace, operation))];
    const recoveredMs = lastAt === null || lastAt > endedAt ? null : endedAt - lastAt;
    if (recoveredMs !== null && recoveredMs > recoveryLimitMs) found.push(`it took ${recoveredMs} ms after the last strike`);
    if (scenario.what === "bad" && operation.status !== "returned") found.push(`a release that fails ended as ${operation.status}: ${operation.note ?? ""}`);
    if ((scenario.what === "forth" || scenario.what === "back") && operation.status !== "succeeded") found.push(`a good one ended as ${operation.status}: ${operation.note ?? ""}`);
    promoted = operation.status === "succeeded" ? scenario.what !== "back" : promoted;
    if (scenario.what === "bad") {
      await stage.database.db.$executeRaw`UPDATE quarantine SET lifted_at = clock_timestamp(), lift_reason = 'chaos goes on' WHERE lifted_at IS NULL`;
      await badBuild(stage, staging, false);
    }
    return { scenario, status: operation.status, struck, recoveredMs, violations: found };
  }

  return {
    run,
    get promoted() {
      return promoted;
    },
    async stop() {
      await workersAre(0);
      history.stop();
      await proxy.stop();
      await stage.stop();
    },
  };
}

/** Until it says so; with `value`, until it says just that. Rejects when it ends before. */
async function message(child: ChildProcess, key: string, value?: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const heard = (said: Record<string, unknown>): void => {
      if (key in said && (value === undefined || said[key] === value)) done(resolve);
    };
    const exited = (): void => done(() => reject(new Error(`the worker ended before it said ${key}`)));
    const done = (end: () => void): void => {
      child.off("message", heard).off("exit", exited);
      end();
    };
    child.on("message", heard).on("exit", exited);
  });
}

let armings = 0;

/** Sends it and returns what settles once the worker has taken up this very message, or is gone: an answer to an earlier one says nothing. */
function tellStrike({ child }: Worker, strike: Strike | null): Promise<void> {
  armings += 1;
  const heard = message(child, "armed", armings).catch(() => undefined);
  child.send({ arm: strike, number: armings });
  return heard;
}

/** Whoever gets there first is struck: every worker is armed alike. Null disarms. */
async function arm(worker: Worker, strike: Strike | null): Promise<void> {
  const { child } = worker;
  if (!child.connected) return;
  worker.hit = message(child, "struck").catch(() => undefined).then(() => child); // One that has ended was struck too.
  // One that is frozen answers when it wakes.
  await Promise.race([tellStrike(worker, strike?.when.at === "after" ? null : strike), sleep(frozenMs + 1_000)]);
}

/** Returns once the worker has heard it, or is gone. One that froze itself in the moment the operation ended has nobody to wake it but this. */
async function disarm(worker: Worker): Promise<void> {
  if (!worker.child.connected) return;
  const waking = setInterval(() => void worker.child.kill("SIGCONT"), frozenMs + 500);
  await tellStrike(worker, null);
  clearInterval(waking);
}

interface Striking {
  /** `troubles`: what workers did wrong as processes. */
  stop(): Promise<{ struck: string[]; lastAt: number | null; troubles: string[] }>;
}

/** Carries the strikes out, one after another, and sees that a worker lives again after each. */
function strike(stage: Stage, proxy: DatabaseProxy, live: Worker[], startOne: () => Promise<Worker>, scenario: Scenario, id: string): Striking {
  const over = new AbortController();
  const struck: string[] = [];
  const troubles: string[] = [];
  let lastAt: number | null = null;

  /** The worker that was struck; null when the operation ended without. */
  function placed(): Promise<ChildProcess | null> {
    // It may have ended while the workers were armed: a signal that is aborted tells nobody any more.
    if (over.signal.aborted) return Promise.resolve(null);
    const ended = new Promise<null>((resolve) => over.signal.addEventListener("abort", () => resolve(null), { once: true }));
    return Promise.race([ended, ...live.map((worker) => worker.hit)]);
  }

  async function claimant(): Promise<ChildProcess | null> {
    const row = await stage.database.db.operationRow.findUnique({ where: { id }, select: { claimedBy: true } });
    return live.find((worker) => worker.holder === row?.claimedBy)?.child ?? live[0]?.child ?? null;
  }

  async function carryOut(): Promise<void> {
    for (const [index, one] of scenario.strikes.entries()) {
      if (index > 0) await Promise.all(live.map((worker) => arm(worker, one)));
      let child: ChildProcess | null;
      if (one.when.at === "after") {
        await sleep(one.when.ms, undefined, { signal: over.signal }).catch(() => undefined);
        child = over.signal.aborted ? null : await claimant();
      } else child = await placed();
      if (child === null) return;
      // One is struck, not both: the other would wait at the same place for a word that never comes.
      for (const other of live) if (other.child !== child && other.child.connected) void tellStrike(other, null);
      struck.push(strikeWords(one));
      lastAt = await deal(one, child);
      if (over.signal.aborted) return;
    }
  }

  /** Returns when a worker that can work is there again. */
  async function deal(one: Strike, child: ChildProcess): Promise<number> {
    const others = live.filter((worker) => worker.child !== child).length;
    switch (one.what) {
      case "kill":
      case "stop": {
        const gone = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, "exit");
        if (one.when.at === "after") child.kill(one.what === "kill" ? "SIGKILL" : "SIGTERM");
        if (one.what === "kill") await gone;
        else await Promise.race([gone, sleep(12_000)]);
        if (child.exitCode === null && child.signalCode === null) {
          troubles.push("a worker did not end within 12 s of SIGTERM");
          child.kill("SIGKILL");
          await gone;
        }
        if (others === 0) await startOne();
        else void startOne().catch(() => undefined);
        return Date.now();
      }
      case "freeze": {
        if (one.when.at === "after") child.kill("SIGSTOP");
        const at = Date.now();
        const woken = sleep(frozenMs).then(() => void child.kill("SIGCONT"));
        // With another one alive the lease runs out and it goes on; alone, it must itself wake and find that it may not.
        if (others === 0) await woken;
        return others === 0 ? Date.now() : at;
      }
      case "cut":
        proxy.cut();
        break;
      case "half-open":
      case "lost-answers":
        proxy.set(one.what);
        if (child.connected && one.when.at !== "after") child.send({ go: true });
        await sleep(one.what === "half-open" ? halfOpenMs : 1_000);
        proxy.set("open");
        proxy.cut();
        return Date.now();
    }
    if (child.connected && one.when.at !== "after") child.send({ go: true });
    return Date.now();
  }

  const carried = carryOut();
  return {
    async stop() {
      over.abort();
      await carried;
      await Promise.all(live.map((worker) => disarm(worker)));
      return { struck, lastAt, troubles };
    },
  };
}

/** What PostgreSQL's sessions wait for: the first question when something hangs. */
async function waiting(stage: Stage): Promise<string> {
  const rows = await stage.database.db.$queryRaw<{ text: string }[]>`
    SELECT concat_ws(' ', pid, state, wait_event_type, wait_event, 'blocked by', pg_blocking_pids(pid)::text, left(query, 120)) AS text
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state <> 'idle' OR cardinality(pg_blocking_pids(pid)) > 0)`.catch((error: unknown) => [{ text: String(error) }]);
  return rows.map((row) => row.text).join(" | ") || "nothing waits there";
}

async function persist(act: () => Promise<unknown>): Promise<void> {
  // It may just have ended, which is as good.
  await act().catch(() => undefined);
}

/** What the cluster's history and the audit log say of an operation that ended. */
async function judge(stage: Stage, history: History, namespace: string, operation: Operation): Promise<string[]> {
  const { db } = stage.database;
  const targets: PlanTarget[] = storedTargets(await db.operationRow.findUniqueOrThrow({ where: { id: operation.id } }));
  const { items } = await stage.apiOf("prod").list(kinds.deployments, { namespace });
  for (const item of items) await history.caughtUp(item.metadata.name, item.metadata.resourceVersion);
  const named = new Set(targets.map((target) => target.workload.name));
  const found = violations(history, operation, targets, items.map((item) => item.metadata.name).filter((workload) => !named.has(workload)));
  const entries = await db.auditEntryRow.findMany({ where: { operationId: operation.id }, orderBy: { sequence: "asc" }, select: { action: true } });
  for (const action of ["operation.request", "operation.start", "operation.outcome"]) {
    const count = entries.filter((entry) => entry.action === action).length;
    // One that was aborted while it waited for its turn never began.
    const wanted = action === "operation.start" && operation.startedAt === null ? 0 : 1;
    if (count !== wanted) found.push(`${count} entries ${action}`);
  }
  if (entries[0]?.action !== "operation.request") found.push(`the first entry is ${entries[0]?.action ?? "none"}`);
  const unfinished = await db.operationStepRow.count({ where: { operationId: operation.id, status: { in: ["pending", "running"] } } });
  if (unfinished > 0) found.push(`${unfinished} steps are not finished`);
  return found;
}

/** Staging's Experience gets a build that is well there and fails in prod for want of a setting, or goes back to the good one. */
async function badBuild(stage: Stage, namespace: string, bad: boolean): Promise<void> {
  if (bad) await stage.console("faults/release", { environment: "staging", kind: "needs-setting" });
  else {
    await stage.apiOf("staging").patch(kinds.deployments, namespace, "experience", "strategic-merge", { spec: { template: { spec: { containers: [{ name: "experience", image: goodBuild }] } } } });
  }
}
const goodBuild = "ghcr.io/dreamscape-ai/experience-pod:v2.3.0";

/** Seeded numbers (mulberry32, Tommy Ettinger 2017, public domain). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
