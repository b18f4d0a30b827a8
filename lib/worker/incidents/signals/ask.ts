import { isVigieError } from "#lib/domain/error.ts";
import type { Sense, Senses } from "#lib/domain/signal-blind.ts";
import type { LookAnswers } from "#lib/domain/signal-look.ts";
import type { WatchPoint } from "#lib/worker/incidents/signals/points.ts";

export interface Asker {
  /** Asks both at once, each with its own patience; remembers who answered and who had the watchdog. */
  ask(): Promise<LookAnswers>;
  senses(): Senses;
}

export interface AskOptions {
  watchdog: string | undefined;
  timeoutMs: number;
  /** Alertmanager knows its alerts again this long after its start: Prometheus sends each again once a minute. */
  freshMs: number;
  signal: AbortSignal;
  /** Milliseconds of a clock that does not jump. */
  now: () => number;
}

/** What one watch point's upstreams say, and how well they can be heard. */
export function createAsker({ prometheus, alertmanager }: WatchPoint, { watchdog, timeoutMs, freshMs, signal, now }: AskOptions): Asker {
  const sense = (given: { name: string } | null): Sense | null => given && { name: given.name, answeredAt: null, trouble: null, watchdogAt: null };
  const senses: Senses = { prometheus: sense(prometheus), alertmanager: sense(alertmanager) };
  let startedAt: number | null = null;
  let freshUntil = Number.NEGATIVE_INFINITY;

  async function attempt<Answer>(sensed: Sense | null, call: (signal: AbortSignal) => Promise<Answer>, alertsOf: (answer: Answer) => readonly { labels: Readonly<Record<string, string>> }[]): Promise<Answer | null> {
    if (sensed === null) return null;
    try {
      const answer = await call(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      sensed.answeredAt = now();
      sensed.trouble = null;
      if (watchdog !== undefined && alertsOf(answer).some(({ labels }) => labels.alertname === watchdog)) sensed.watchdogAt = sensed.answeredAt;
      return answer;
    } catch (error) {
      if (signal.aborted) return null;
      sensed.trouble = isVigieError(error) ? error.message : `${sensed.name} cannot be asked: something failed inside Vigie`;
      return null;
    }
  }

  /** Its start is compared with its own answers, and with our clock only the first time: clocks differ. */
  function isFresh(started: Date): boolean {
    const first = startedAt === null;
    if (startedAt !== started.getTime()) freshUntil = first ? now() + freshMs - Math.max(0, Date.now() - started.getTime()) : now() + freshMs;
    startedAt = started.getTime();
    return now() < freshUntil;
  }

  return {
    async ask() {
      const [metrics, alerts] = await Promise.all([
        attempt(senses.prometheus, async (until) => (prometheus === null ? [] : prometheus.api.alerts(until)), (answer) => answer),
        attempt(
          senses.alertmanager,
          async (until) => {
            if (alertmanager === null) return null;
            // Some that speak this API do not say since when they run: then only a watchdog can vouch for what they lack.
            const [list, silences, started] = await Promise.all([alertmanager.api.alerts(until), alertmanager.api.silences(until), alertmanager.api.startedAt(until).catch(() => null)]);
            return { alerts: list, silences, fresh: started === null ? watchdog === undefined : isFresh(started) };
          },
          (answer) => answer?.alerts ?? [],
        ),
      ]);
      return { prometheus: metrics, alertmanager: alerts };
    },
    senses: () => senses,
  };
}
