import { isVigieError } from "#lib/domain/error.ts";
import type { KnownAlerts } from "#lib/domain/promotion-watch.ts";
import type { Outside } from "#lib/ports/outside.ts";

const everyMs = 5_000;
const patienceMs = 4_000;
/** An answer older than this says nothing any more. */
const oldMs = 20_000;

export interface Alerts {
  /** The newest answer; asks again in the background when it is time, so that a slow Prometheus holds nothing up. */
  known(environment: string): KnownAlerts;
  idle(): Promise<void>;
}

/** What Prometheus says fires, asked at most every five seconds per environment while somebody wants to know. */
export function createAlerts(outside: Pick<Outside, "metrics">): Alerts {
  const entries = new Map<string, { askedAt: number; answeredAt: number; answer: KnownAlerts; asking: Promise<void> | null }>();

  async function ask(environment: string, api: NonNullable<ReturnType<Outside["metrics"]>>): Promise<KnownAlerts> {
    try {
      return { kind: "asked", alerts: await api.alerts(AbortSignal.timeout(patienceMs)) };
    } catch (error) {
      return { kind: "silent", why: isVigieError(error) ? error.message : `no answer of ${environment}'s Prometheus within ${patienceMs / 1000} s` };
    }
  }

  return {
    known(environment) {
      const api = outside.metrics(environment);
      if (api === null) return { kind: "none" };
      const now = performance.now();
      const entry = entries.get(environment) ?? { askedAt: -Infinity, answeredAt: -Infinity, answer: { kind: "silent" as const, why: "it has not answered yet" }, asking: null };
      entries.set(environment, entry);
      if (entry.asking === null && now - entry.askedAt >= everyMs) {
        entry.askedAt = now;
        entry.asking = ask(environment, api).then((answer) => {
          entry.answer = answer;
          entry.answeredAt = performance.now();
          entry.asking = null;
        });
      }
      return entry.answer.kind === "asked" && now - entry.answeredAt > oldMs ? { kind: "silent", why: "its last answer is old" } : entry.answer;
    },
    async idle() {
      await Promise.all([...entries.values()].map((entry) => entry.asking));
    },
  };
}
