import { databaseNow } from "#lib/db/client.ts";
import { runningTargets } from "#lib/db/repositories/signal-sources.ts";
import { endSignals, liveSignals, recordSignal } from "#lib/db/repositories/signal.ts";
import { readHealthFacts } from "#lib/db/repositories/state.ts";
import { judgeHealth } from "#lib/domain/signal-health.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** Big Pods that stay broken become signals; `brokenSince` is kept from look to look. */
export async function lookAtHealth({ context, token, brokenSince }: { context: ServiceContext; token: LeaseToken; brokenSince: Map<string, Date> }): Promise<void> {
  const { db, config } = context;
  const [facts, rows, judging, now] = await Promise.all([readHealthFacts(db), liveSignals(db, "health"), runningTargets(db), databaseNow(db)]);
  const open = rows.flatMap(({ key, environment, bigPod }) => (environment === null || bigPod === null ? [] : [{ key, environment, bigPod }]));
  const { broken, mended } = judgeHealth(facts, { open, judging, brokenSince, healthSeconds: config.incidents.healthSeconds, now });
  // Nothing can be said of what is no longer configured.
  const gone = open.filter((one) => !config.environments.some(({ name }) => name === one.environment) || !config.bigPods.some(({ name }) => name === one.bigPod)).map((one) => one.key);
  const known = new Map(rows.map((row) => [row.key, row.title]));
  const title = (fact: { bigPod: string; environment: string; cause: string | null }): string => (fact.cause ?? `${fact.bigPod} in ${fact.environment} is broken`).slice(0, 300);
  const news = broken.filter(({ key, fact }) => known.get(key) !== title(fact));
  if (news.length === 0 && mended.length === 0 && gone.length === 0) return;
  await db.$transaction(async (tx) => {
    await assertLease(tx, token);
    await endSignals(tx, [...mended, ...gone]);
    for (const { key, fact, brokenSince: since } of news) {
      await recordSignal(tx, {
        key, kind: "health", title: title(fact), detail: `${fact.bigPod} in ${fact.environment} is broken.`, environment: fact.environment, bigPod: fact.bigPod, service: null,
        severity: config.environments.at(-1)?.name === fact.environment ? "critical" : "warning", state: "firing", onsetAt: since.toISOString(), endedAt: null,
        labels: {}, annotations: {}, way: "health", silence: null, link: null, fingerprint: `health/${fact.environment}/${fact.bigPod}`, operationId: null,
      });
    }
  });
}
