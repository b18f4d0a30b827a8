import { randomUUID } from "node:crypto";
import { fulfils, labelName, patternOf, type Matcher } from "#sandbox/alertmanager/matchers.ts";
import { ApiRefusal } from "#sandbox/alertmanager/refusal.ts";

/** Times in milliseconds since the epoch. */
export interface Silence {
  id: string;
  matchers: readonly Matcher[];
  startsAtMs: number;
  endsAtMs: number;
  updatedAtMs: number;
  createdBy: string;
  comment: string;
}

export type SilenceState = "pending" | "active" | "expired";

export interface SilenceStore {
  /** Adds one, or changes the one with this id. Resolves with the id; throws ApiRefusal. */
  put(silence: Omit<Silence, "id" | "updatedAtMs"> & { id?: string | undefined }, nowMs: number): string;
  get(id: string): Silence | undefined;
  all(): Silence[];
  /** Ends it now; nothing happens to one that is over. Throws ApiRefusal when there is none. */
  expire(id: string, nowMs: number): void;
  /** Ids of those that hold now and match. */
  of(labels: Readonly<Record<string, string>>, nowMs: number): string[];
}

export function stateOf({ startsAtMs, endsAtMs }: Silence, nowMs: number): SilenceState {
  return nowMs < startsAtMs ? "pending" : nowMs < endsAtMs ? "active" : "expired";
}

/** Silences outlive a restart of Alertmanager, which keeps them on disk; here, as long as the sandbox runs. */
export function createSilenceStore(): SilenceStore {
  const known = new Map<string, Silence>();

  function check(matchers: readonly Matcher[]): void {
    matchers.forEach((matcher, index) => {
      if (!labelName.test(matcher.name)) throw new ApiRefusal(400, `silence invalid: invalid label matcher ${index}: invalid label name ${JSON.stringify(matcher.name)}`);
      if (matcher.isRegex) patternOf(matcher);
    });
    if (matchers.every((matcher) => fulfils({}, matcher))) throw new ApiRefusal(400, "silence invalid: at least one matcher must not match the empty string");
  }

  return {
    put({ id, ...given }, nowMs) {
      if (given.startsAtMs >= given.endsAtMs) throw new ApiRefusal(400, "Failed to create silence: start time must be before end time");
      if (given.endsAtMs <= nowMs) throw new ApiRefusal(400, "Failed to create silence: end time can't be in the past");
      check(given.matchers);
      const before = id === undefined || id === "" ? undefined : known.get(id);
      if (id !== undefined && id !== "" && before === undefined) throw new ApiRefusal(404, "silence not found");
      const same = before !== undefined && stateOf(before, nowMs) !== "expired" && JSON.stringify(before.matchers) === JSON.stringify(given.matchers);
      // Other matchers are another silence: what was silenced before stays on record.
      if (before !== undefined && !same && stateOf(before, nowMs) !== "expired") known.set(before.id, { ...before, endsAtMs: nowMs, updatedAtMs: nowMs });
      const key = same ? before.id : randomUUID();
      const startsAtMs = same && stateOf(before, nowMs) === "active" ? before.startsAtMs : Math.max(given.startsAtMs, nowMs);
      known.set(key, { ...given, id: key, startsAtMs, updatedAtMs: nowMs });
      return key;
    },
    get: (id) => known.get(id),
    all: () => [...known.values()].toSorted((left, right) => left.endsAtMs - right.endsAtMs),
    expire(id, nowMs) {
      const silence = known.get(id);
      if (silence === undefined) throw new ApiRefusal(404, "silence not found");
      const state = stateOf(silence, nowMs);
      if (state === "expired") return;
      known.set(id, { ...silence, endsAtMs: nowMs, updatedAtMs: nowMs, ...(state === "pending" && { startsAtMs: nowMs }) });
    },
    of: (labels, nowMs) => [...known.values()].filter((silence) => stateOf(silence, nowMs) === "active" && silence.matchers.every((matcher) => fulfils(labels, matcher))).map((silence) => silence.id),
  };
}
