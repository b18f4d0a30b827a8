import type { HealthStatus } from "#lib/domain/status.ts";

export interface HealthFact {
  environment: string;
  bigPod: string;
  status: HealthStatus;
  /** Since when it has this status, with its cause. */
  since: Date;
  cause: string | null;
}

/** A signal of a Big Pod's health that has not ended. */
export interface OpenHealth {
  key: string;
  environment: string;
  bigPod: string;
}

export interface HealthVerdict {
  /** Begin, or go on: the cause may be another one now. */
  broken: { key: string; fact: HealthFact; brokenSince: Date }[];
  /** Keys of those that are over. */
  mended: string[];
}

/** Only these say that it is well again; stale, unknown and a rollout under way say nothing of the kind. */
const well: readonly HealthStatus[] = ["healthy", "warning", "paused"];

/**
 * Broken for `healthSeconds` is a signal, whose onset is when it broke. While an operation that is `judging` it ("environment/bigPod") runs, none begins: that is the
 * operation's to tell. `brokenSince` remembers, by the same key, since when each was seen broken without a pause; it is changed here.
 */
export function judgeHealth(facts: readonly HealthFact[], { open, judging, brokenSince, healthSeconds, now }: { open: readonly OpenHealth[]; judging: ReadonlySet<string>; brokenSince: Map<string, Date>; healthSeconds: number; now: Date }): HealthVerdict {
  const verdict: HealthVerdict = { broken: [], mended: [] };
  for (const fact of facts) {
    const place = `${fact.environment}/${fact.bigPod}`;
    const known = open.find((one) => one.environment === fact.environment && one.bigPod === fact.bigPod);
    if (well.includes(fact.status)) {
      brokenSince.delete(place);
      if (known !== undefined) verdict.mended.push(known.key);
      continue;
    }
    if (fact.status !== "broken") continue;
    const before = brokenSince.get(place);
    const since = before === undefined || fact.since < before ? fact.since : before;
    brokenSince.set(place, since);
    if (known !== undefined) verdict.broken.push({ key: known.key, fact, brokenSince: since });
    else if (!judging.has(place) && now.getTime() - since.getTime() >= healthSeconds * 1000) verdict.broken.push({ key: `health:${place}:${since.toISOString()}`, fact, brokenSince: since });
  }
  return verdict;
}
