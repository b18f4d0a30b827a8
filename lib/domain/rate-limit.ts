/**
 * Limits of how often something may be asked, as a generic cell rate algorithm (ITU-T I.371, annex A): one moment per key, the one at which the limit is whole
 * again. A use moves it by `window / quota`; it may lie one window ahead. So a whole quota may come at once, and after that one use per step.
 */
export const limitNames = ["sign-in", "guess", "webhook", "change", "read", "export"] as const;
export type LimitName = (typeof limitNames)[number];

export interface Limit {
  name: LimitName;
  /** Uses within the window. */
  quota: number;
  windowSeconds: number;
}

export interface Standing {
  allowed: boolean;
  /** Uses left at this moment. */
  remaining: number;
  /** Until the limit is whole again. */
  resetSeconds: number;
  /** Until the next use is allowed; 0 when one is now. */
  retryAfterSeconds: number;
}

/** Seconds between two uses that go on for ever. */
export function stepSeconds({ quota, windowSeconds }: Limit): number {
  return windowSeconds / quota;
}

/** How things stand when the limit will be whole in `aheadSeconds` (0 or less: it is), after a use that was allowed or not. */
export function standing(limit: Limit, aheadSeconds: number, allowed: boolean): Standing {
  const ahead = Math.max(0, aheadSeconds);
  const left = (limit.windowSeconds - ahead) / stepSeconds(limit);
  // A millionth for what division loses: 59.999999 uses left are 60.
  const remaining = Math.max(0, Math.floor(left + 1e-6));
  const waits = ahead + stepSeconds(limit) - limit.windowSeconds;
  return { allowed, remaining: allowed ? remaining : 0, resetSeconds: Math.ceil(ahead), retryAfterSeconds: waits <= 1e-6 ? (allowed ? 0 : 1) : Math.max(1, Math.ceil(waits)) };
}

/** Headers of an answer: draft-ietf-httpapi-ratelimit-headers-10, and Retry-After (RFC 9110, 10.2.3) on one that is refused. */
export function limitHeaders(limit: Limit, now: Pick<Standing, "allowed" | "remaining" | "resetSeconds" | "retryAfterSeconds">): Record<string, string> {
  return {
    "ratelimit-policy": `"${limit.name}";q=${limit.quota};w=${limit.windowSeconds}`,
    ratelimit: `"${limit.name}";r=${now.remaining};t=${now.allowed ? now.resetSeconds : now.retryAfterSeconds}`,
    ...(now.allowed ? {} : { "retry-after": String(now.retryAfterSeconds) }),
  };
}

/** Headers of a refusal, from the detail of the VigieError "limited"; none when it is another's. */
export function refusalHeaders(detail: Readonly<Record<string, unknown>> | null | undefined): Record<string, string> {
  const name = limitNames.find((one) => one === detail?.limit);
  const { quota, windowSeconds, retryAfterSeconds } = detail ?? {};
  if (name === undefined || typeof quota !== "number" || typeof windowSeconds !== "number" || typeof retryAfterSeconds !== "number") return {};
  return limitHeaders({ name, quota, windowSeconds }, { allowed: false, remaining: 0, resetSeconds: retryAfterSeconds, retryAfterSeconds });
}

const what: Record<LimitName, string> = {
  "sign-in": "sign-ins from your address",
  guess: "calls from your address whose token or secret was wrong",
  webhook: "messages from your address",
  change: "changes of yours",
  read: "questions of yours",
  export: "exports and verifications of yours",
};

/** The sentence of a refusal. */
export function limitSentence({ name, quota, windowSeconds }: Limit, retryAfterSeconds: number): string {
  const per = windowSeconds === 60 ? "a minute" : `${windowSeconds} s`;
  return `Too many ${what[name]}: ${quota} in ${per} are allowed. Nothing was done; try again in ${retryAfterSeconds} s.`;
}
