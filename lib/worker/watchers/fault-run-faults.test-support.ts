import type { SourceStatus } from "#lib/domain/status.ts";
import type { ResourceKind } from "#lib/ports/cluster.ts";
import type { FaultWorld } from "#lib/worker/watchers/fault-run-cluster.test-support.ts";
import { statusBody, type FaultGate, type GateAnswer, type GateRequest } from "#lib/worker/watchers/fault-run-gate.test-support.ts";

/** Times of a set of runs: those of production, or shorter ones. All in milliseconds. */
export interface FaultTimes {
  /** Shortest and longest time that a fault holds. */
  hold: readonly [number, number];
  /** A fault that answers wrongly, or refuses, must be told by then. */
  noticeMs: number;
  /** The network swallows everything: the pulse must have told by then. */
  noticeSilentNetworkMs: number;
  /** Watches alone are silent. */
  noticeSilentWatchMs: number;
  noticeSlowListMs: number;
  /** How long a restarted server is away. */
  downMs: number;
}

export interface FaultTools {
  gate: FaultGate;
  world: FaultWorld;
  grouped: ResourceKind;
  times: FaultTimes;
  random: () => number;
  /** The credentials that the reflectors present. */
  token: { presented: string; renewed: string };
}

export interface ActiveFault {
  /** What sources that are touched must say once the fault has held for `noticeMs`; null when they may well stay live. */
  expected: readonly SourceStatus[] | null;
  noticeMs: number;
  /** It is enough that they said it at some time while it held. */
  sometime?: boolean;
  /** Plural of the only resource it touches. */
  only: string | null;
  /** The connection was silent: ten seconds instead of five. */
  silent: boolean;
  /** The list of what is there changed by the fault itself. */
  end(): Promise<void> | void;
}

export interface FaultKind {
  name: string;
  possible: (world: FaultWorld) => boolean;
  start(tools: FaultTools): Promise<ActiveFault> | ActiveFault;
}

const always = (): boolean => true;
const nothing = (): GateAnswer => null;

/** A fault that is nothing but wrong answers while it holds. */
function answering(name: string, make: (tools: FaultTools) => { decide: (request: GateRequest) => GateAnswer; expected: readonly SourceStatus[] | null; noticeMs?: number; sometime?: boolean; only?: string; cut?: "end" | "reset" | null }): FaultKind {
  return {
    name,
    possible: always,
    start(tools) {
      const { gate, times } = tools;
      const { decide, expected, noticeMs = times.noticeMs, sometime = false, only = null, cut = "reset" } = make(tools);
      gate.decide = decide;
      if (cut !== null) gate.cut(cut, only ?? undefined);
      return {
        expected, noticeMs, sometime, only, silent: false,
        end() {
          gate.decide = nothing;
          gate.hurry();
        },
      };
    },
  };
}

/** The first watch of each reflector is told that its version is gone, so that a list follows; then `more`. */
function goneThen(how: GateAnswer, more: (request: GateRequest) => GateAnswer = nothing): (request: GateRequest) => GateAnswer {
  const told = new Set<string>();
  return (request) => {
    if (request.what !== "watch" || told.has(request.client)) return more(request);
    told.add(request.client);
    return how;
  };
}

function meddling(name: string, how: FaultGate["meddle"]): FaultKind {
  return {
    name,
    possible: always,
    start({ gate }) {
      gate.meddle = how;
      return { expected: null, noticeMs: 0, only: null, silent: false, end: () => void (gate.meddle = "nothing") };
    },
  };
}

const away = async (gate: FaultGate, milliseconds: number): Promise<void> => {
  await gate.refuse();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await gate.listenAgain();
};

function restarting(name: string, possible: FaultKind["possible"], restart: (world: FaultWorld, downMs: number) => Promise<void>): FaultKind {
  return {
    name,
    possible,
    async start({ gate, world, times, random }) {
      const coming = restart(world, times.downMs * (0.3 + random()));
      gate.cut(random() < 0.5 ? "end" : "reset");
      await coming;
      return { expected: null, noticeMs: 0, only: null, silent: false, end: () => undefined };
    },
  };
}

export const faultKinds: readonly FaultKind[] = [
  answering("500", ({ random }) => ({ decide: () => ({ status: random() < 0.5 ? 500 : 503 }), expected: ["stale"] })),
  answering("429 with Retry-After", () => ({ decide: ({ what }) => (what === "version" ? null : { status: 429, retryAfter: 1 }), expected: ["stale"] })),
  answering("connection reset, once", () => ({ decide: nothing, expected: null })),
  answering("connection reset, again and again", ({ random }) => ({ decide: () => (random() < 0.5 ? "reset" : null), expected: null })),
  answering("410 by status", () => ({ decide: goneThen({ status: 410, body: statusBody(410, "Expired", "too old resource version") }), expected: null, cut: "end" })),
  answering("410 in the stream", () => ({ decide: goneThen("goneInStream"), expected: null, cut: "end" })),
  answering("slow list", ({ times, random }) => ({ decide: goneThen("goneInStream", ({ what }) => (what === "list" ? { delayMs: times.noticeSlowListMs * (0.4 + random() * 0.6) } : null)), expected: ["stale"], noticeMs: times.noticeSlowListMs + times.noticeMs, sometime: true, cut: "end" })),
  answering("list that fails on page 3", () => ({ decide: goneThen("goneInStream", ({ what, page }) => (what === "list" && page === 3 ? { status: 500 } : null)), expected: ["stale"], cut: "end" })),
  answering("list that breaks off inside a page", () => ({ decide: goneThen("goneInStream", ({ what, page }) => (what === "list" && page >= 2 ? "half" : null)), expected: ["stale", "down"], cut: "end" })),
  answering("slow answers", ({ random }) => ({ decide: () => ({ delayMs: 100 + random() * 300 }), expected: null, cut: null })),
  answering("403 on one resource", ({ random, grouped }) => {
    const only = random() < 0.5 ? "configmaps" : grouped.plural;
    return { decide: ({ resource }) => (resource === only ? { status: 403, body: statusBody(403, "Forbidden", `${only} is forbidden: User "vigie" cannot watch resource "${only}"`) } : null), expected: ["forbidden"], only };
  }),
  answering("API group that is not served", ({ grouped }) => ({ decide: ({ group }) => (group === grouped.group ? { status: 404, body: "404 page not found\n" } : null), expected: ["unsupported"], only: grouped.plural })),
  {
    name: "watches that are open but silent",
    possible: always,
    start({ gate, times }) {
      gate.silentWatches = true;
      return { expected: ["stale"], noticeMs: times.noticeSilentWatchMs, only: null, silent: true, end: () => void (gate.silentWatches = false) };
    },
  },
  {
    name: "silent network",
    possible: always,
    start({ gate, times }) {
      gate.freeze();
      return { expected: ["stale", "down"], noticeMs: times.noticeSilentNetworkMs, only: null, silent: true, end: () => gate.thaw() };
    },
  },
  meddling("replayed events", "replay"),
  meddling("reordered events", "reorder"),
  meddling("bookmarks missing and doubled", "bookmarks"),
  {
    name: "outage",
    possible: always,
    async start({ gate, times }) {
      await gate.refuse();
      return { expected: ["down"], noticeMs: times.noticeMs, only: null, silent: false, end: () => gate.listenAgain() };
    },
  },
  {
    name: "token expiry",
    possible: always,
    start({ gate, token, times, random }) {
      gate.token = token.renewed;
      gate.cut(random() < 0.5 ? "end" : "reset");
      return {
        expected: ["down"], noticeMs: times.noticeMs, only: null, silent: false,
        end() {
          // The kubelet has renewed it; it is read anew after the next refusal.
          token.presented = token.renewed;
          token.renewed = `token-${Math.floor(random() * 1e9)}`;
        },
      };
    },
  },
  restarting("restart of the API server, history gone", (world) => world.restart !== null, (world, downMs) => world.restart?.(downMs) ?? Promise.resolve()),
  restarting("restart of the API server, versions back", (world) => world.putBack !== null, (world, downMs) => world.putBack?.(downMs) ?? Promise.resolve()),
  {
    name: "restart as seen by clients",
    possible: (world) => world.restart === null,
    async start({ gate, times, random }) {
      await away(gate, times.downMs * (0.3 + random()));
      gate.decide = goneThen(random() < 0.5 ? "goneInStream" : { status: 410 });
      return { expected: null, noticeMs: 0, only: null, silent: false, end: () => void (gate.decide = nothing) };
    },
  },
  {
    name: "history forgotten behind silent watches",
    possible: (world) => world.forgetHistory !== null,
    start({ gate, world, times }) {
      gate.silentWatches = true;
      return {
        expected: ["stale"], noticeMs: times.noticeSilentWatchMs, only: null, silent: true,
        end() {
          world.forgetHistory?.();
          gate.silentWatches = false;
        },
      };
    },
  },
];
