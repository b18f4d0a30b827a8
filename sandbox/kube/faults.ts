/** Switchable troubles of the API server, for the sandbox's control API. Plain data, so that it can be shown and sent. */
export interface FaultState {
  /** Share of requests that fail, 0 to 1; spread evenly, not drawn at random. */
  errorRate: number;
  /** The next N requests fail. */
  failNext: number;
  /** Requests whose path (with query) matches one of these regular expressions fail. */
  failPaths: string[];
  /** HTTP code of those failures; 429 carries Retry-After. */
  failStatus: number;
  retryAfterSeconds: number;
  /** The next N writes are carried out, then the connection breaks: the outcome is unknown to the client. */
  loseNextReplies: number;
  /** Every answer waits this long. */
  latencyMs: number;
  /** Watches stay open but deliver nothing, not even bookmarks. They are cut when this ends, as a lost connection would be. */
  silentWatches: boolean;
  /** Refused with 403 for everyone, whatever the role. Resource: plural, or plural.group. */
  forbid: { resource: string; namespace?: string }[];
  /** Paged lists fail on this page (1 is the first); null: never. */
  failListOnPage: number | null;
  /** API groups that vanish from discovery and answer 404. */
  unsupportedGroups: string[];
  /** Connections are refused, open ones reset. */
  down: boolean;
  /** Users whose token answers 401. */
  expiredTokens: string[];
  /** How a watch from a forgotten version is told so: as an ERROR event in the stream (as the real server does) or by HTTP status. */
  expiredWatch: "event" | "status";
}

export type FaultAction = "dropWatches" | "expireHistory";

export interface Faults {
  state(): FaultState;
  /** Changes the named parts. Throws an Error with a clear sentence when a value is not of its kind. */
  set(partial: Partial<FaultState>): FaultState;
  /** Back to no fault at all. */
  clear(): FaultState;
  /** Resets every open watch connection now. */
  dropWatches(): void;
  /** Forgets the history: watches and continue tokens from older versions get 410. */
  expireHistory(): void;
  /** For the server: told after each change with the state before it, and of each action. */
  onChange(listener: (before: FaultState, after: FaultState) => void): () => void;
  onAction(listener: (action: FaultAction) => void): () => void;
  /** For the server: consumes one request; true when it is to fail. */
  takeFailure(path: string): boolean;
  takeLostReply(): boolean;
}

const NONE: FaultState = {
  errorRate: 0, failNext: 0, failPaths: [], failStatus: 500, retryAfterSeconds: 1, loseNextReplies: 0, latencyMs: 0, silentWatches: false, forbid: [],
  failListOnPage: null, unsupportedGroups: [], down: false, expiredTokens: [], expiredWatch: "event",
};

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}

const CHECKS: Readonly<Record<keyof FaultState, [string, (value: unknown) => boolean]>> = {
  errorRate: ["a number from 0 to 1", (value) => typeof value === "number" && value >= 0 && value <= 1],
  failNext: ["a count of requests", isCount],
  failPaths: ["a list of regular expressions", (value) => isStrings(value) && (value as string[]).every(isPattern)],
  failStatus: ["an HTTP status from 400 to 599", (value) => isCount(value) && Number(value) >= 400 && Number(value) < 600],
  retryAfterSeconds: ["a count of seconds", isCount],
  loseNextReplies: ["a count of requests", isCount],
  latencyMs: ["a count of milliseconds", isCount],
  silentWatches: ["true or false", (value) => typeof value === "boolean"],
  forbid: ["a list of {resource, namespace?}", (value) => Array.isArray(value) && value.every((one) => typeof one?.resource === "string" && (one.namespace === undefined || typeof one.namespace === "string"))],
  failListOnPage: ["a page number, or null", (value) => value === null || (isCount(value) && value !== 0)],
  unsupportedGroups: ["a list of API groups", isStrings],
  down: ["true or false", (value) => typeof value === "boolean"],
  expiredTokens: ["a list of users", isStrings],
  expiredWatch: ['"event" or "status"', (value) => value === "event" || value === "status"],
};

function isPattern(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

export function createFaults(): Faults {
  let current: FaultState = structuredClone(NONE);
  let patterns: RegExp[] = [];
  let debt = 0;
  const changeListeners = new Set<(before: FaultState, after: FaultState) => void>();
  const actionListeners = new Set<(action: FaultAction) => void>();

  function replace(next: FaultState): FaultState {
    const before = current;
    current = next;
    patterns = next.failPaths.map((source) => new RegExp(source));
    for (const listener of changeListeners) listener(before, next);
    return structuredClone(next);
  }

  function act(action: FaultAction): void {
    for (const listener of actionListeners) listener(action);
  }

  return {
    state: () => structuredClone(current),
    set(partial) {
      for (const [key, value] of Object.entries(partial)) {
        const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof FaultState] : undefined;
        if (!check) throw new Error(`there is no fault called "${key}"; known: ${Object.keys(CHECKS).join(", ")}`);
        if (!check[1](value)) throw new Error(`the fault "${key}" must be ${check[0]}, got ${JSON.stringify(value)}`);
      }
      return replace({ ...current, ...structuredClone(partial) });
    },
    clear: () => replace(structuredClone(NONE)),
    dropWatches: () => act("dropWatches"),
    expireHistory: () => act("expireHistory"),
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
    onAction(listener) {
      actionListeners.add(listener);
      return () => actionListeners.delete(listener);
    },
    takeFailure(path) {
      if (patterns.some((pattern) => pattern.test(path))) return true;
      if (current.failNext > 0) {
        current = { ...current, failNext: current.failNext - 1 };
        return true;
      }
      debt += current.errorRate;
      if (debt < 1) return false;
      debt -= 1;
      return true;
    },
    takeLostReply() {
      if (current.loseNextReplies === 0) return false;
      current = { ...current, loseNextReplies: current.loseNextReplies - 1 };
      return true;
    },
  };
}
