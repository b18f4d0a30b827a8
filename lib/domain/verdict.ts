import { ageWords } from "#lib/domain/freshness.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { healthStatuses, worstHealth } from "#lib/domain/status.ts";
import type { HealthStatus } from "#lib/domain/status.ts";

export interface Verdict {
  status: HealthStatus;
  /** The sentence at the top of the first screen. */
  sentence: string;
  /** Environment and Big Pod it speaks of; null when all of production is well. */
  environment: string | null;
  bigPod: string | null;
  /** When that began (ISO 8601). */
  since: string | null;
  /** The other environments: "staging: 1 broken". Empty when they are well. */
  others: { environment: string; status: HealthStatus; counts: Partial<Record<HealthStatus, number>> }[];
}

interface Named {
  name: string;
  title: string;
}

const lastWords: Record<Exclude<HealthStatus, "healthy">, string> = {
  broken: "is broken",
  warning: "needs a look",
  progressing: "is rolling out",
  paused: "is paused",
  stale: "is out of sight",
  unknown: "is unknown",
};

function countsOf(states: readonly DisplayedState[]): Partial<Record<HealthStatus, number>> {
  const counts: Partial<Record<HealthStatus, number>> = {};
  for (const state of states) counts[state.status] = (counts[state.status] ?? 0) + 1;
  return counts;
}

/**
 * One sentence over everything. Production is the last environment of the list and is judged first; another environment is never in the sentence while
 * production has something to tell. A Big Pod without a state counts as unknown. `timeOf` writes a moment in the reader's time zone ("since 14:02");
 * without it the sentence gives an age ("for 12 min"), which is true everywhere.
 */
export function verdict(environments: readonly Named[], bigPods: readonly Named[], states: readonly DisplayedState[], now: Date, timeOf?: (iso: string) => string): Verdict {
  const production = environments.at(-1);
  if (!production) return { status: "unknown", sentence: "No environment is visible to you", environment: null, bigPod: null, since: null, others: [] };
  const titleOf = (name: string): string => bigPods.find((b) => b.name === name)?.title ?? name;
  const here = states.filter((s) => s.environment === production.name);
  const missing = bigPods.filter((b) => !here.some((s) => s.bigPod === b.name));
  const status = worstHealth([...here.map((s) => s.status), ...missing.map(() => "unknown" as const)]);
  const others = environments.slice(0, -1).flatMap((environment) => {
    const there = states.filter((s) => s.environment === environment.name);
    const worst = worstHealth(there.map((s) => s.status));
    return worst === "healthy" ? [] : [{ environment: environment.name, status: worst, counts: countsOf(there) }];
  });
  if (status === "healthy") return { status, sentence: "Production is well", environment: null, bigPod: null, since: null, others };
  const worst = here.filter((s) => s.status === status).sort((a, b) => (a.since < b.since ? -1 : 1))[0];
  if (!worst) return { status, sentence: `Nothing is known yet of ${missing.map((b) => b.title).join(", ")} in ${production.name}`, environment: production.name, bigPod: missing[0]?.name ?? null, since: null, others };
  const many = here.filter((s) => s.status === status).length;
  if (worst.stale && many === bigPods.length) {
    return { status, sentence: `Production is out of sight: last seen ${ageWords(worst.stale.seconds)} ago; ${worst.stale.why}`, environment: production.name, bigPod: null, since: worst.stale.since, others };
  }
  const rest = many > 1 ? ` (and ${many - 1} more)` : "";
  const words = lastWords[status];
  const ageSeconds = Math.max(0, Math.floor((now.getTime() - Date.parse(worst.since)) / 1000));
  const age = status === "progressing" ? "" : timeOf ? ` since ${timeOf(worst.since)}` : ` for ${ageWords(ageSeconds)}`;
  const cause = worst.cause === null ? "" : `: ${worst.cause}`;
  return { status, sentence: `${titleOf(worst.bigPod)}${rest} ${words} in ${production.name}${worst.stale ? "" : age}${cause}`, environment: production.name, bigPod: worst.bigPod, since: worst.stale?.since ?? worst.since, others };
}

/** "2 broken, 1 warning": worst first. */
export function countWords(counts: Partial<Record<HealthStatus, number>>): string {
  return healthStatuses.flatMap((status) => (counts[status] === undefined || status === "healthy" ? [] : [`${counts[status]} ${status === "progressing" ? "rolling out" : status}`])).join(", ");
}
