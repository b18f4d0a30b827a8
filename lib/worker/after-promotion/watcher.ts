import { databaseNow } from "#lib/db/client.ts";
import { endWatch, lockWatch, openWatches, operationsSince, saveProposal, saveSpell } from "#lib/db/repositories/promotion-watch.ts";
import type { PromotionWatch } from "#lib/db/repositories/promotion-watch.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { hasFailed, nextSpell, sampleOf, supersededBy, verdictOf, watchEnd } from "#lib/domain/promotion-watch.ts";
import type { Between, Sample, Spell } from "#lib/domain/promotion-watch.ts";
import type { EnvironmentView, EnvironmentViews } from "#lib/ports/environment-view.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { vigieActor } from "#lib/services/operation/request-automatic.ts";
import { createAlerts } from "#lib/worker/after-promotion/alerts.ts";
import { decide, wayBackOf } from "#lib/worker/after-promotion/decide.ts";
import { editedSince, marksOf } from "#lib/worker/after-promotion/marks.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createLook } from "#lib/worker/look.ts";
import type { Look } from "#lib/worker/look.ts";

export interface WatcherParts {
  context: ServiceContext;
  views: EnvironmentViews;
  lease: () => LeaseToken | null;
  /** Told when a proposal came or went. */
  changed?: (environment: string) => void;
}

const viewPatienceMs = 5_000;

/** Watches what was promoted, with the observer's lease only. Everything that must be remembered is in the database: any worker goes on from there. */
export function createPromotionWatcher(parts: WatcherParts): Look {
  const { context, views, lease } = parts;
  const { db, config, log } = context;
  const alerts = createAlerts(context.outside);
  const opened = new Map<string, Promise<EnvironmentView>>();

  function viewOf(environment: string): Promise<EnvironmentView> {
    const view = opened.get(environment) ?? views.open(environment, viewPatienceMs);
    opened.set(environment, view);
    // What could not be opened is tried anew at the next look.
    view.catch(() => opened.get(environment) === view && opened.delete(environment));
    return view;
  }

  function closeViews(except: ReadonlySet<string>): void {
    for (const [environment, view] of opened) {
      if (except.has(environment)) continue;
      opened.delete(environment);
      view.then((open) => open.close()).catch(() => undefined);
    }
  }

  async function lookAtAll(): Promise<void> {
    const token = lease();
    const watches = token === null ? [] : (await openWatches(db)).filter((watch) => config.environments.some((environment) => environment.name === watch.environment));
    closeViews(new Set(watches.map((watch) => watch.environment)));
    if (token === null) return;
    // One environment that cannot be looked at must not keep the others from it.
    const looks = await Promise.allSettled(watches.map(async (watch) => lookAt(watch, await viewOf(watch.environment), token)));
    const failed = looks.find((look) => look.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async function lookAt(watch: PromotionWatch, view: EnvironmentView, token: LeaseToken): Promise<void> {
    const [now, operations] = [await databaseNow(db), await operationsSince(db, watch)];
    const rollback = watch.rollbackId === null ? null : await db.operationRow.findUnique({ where: { id: watch.rollbackId }, select: { status: true, note: true, title: true } });
    const sample = sampleNow(watch, view, operations, rollback?.status ?? null, now);
    const before: Spell = { failingSince: watch.failingSince, calmSince: watch.calmSince };
    const spell = nextSpell(before, sample, now);
    const between: Between = { operations, edited: view.fresh() ? editedSince(watch.marks, marksOf(config, view)) : [] };
    const ended = watchEnd({ until: watch.until, spell, decision: watch.decision, rollback: rollback?.status ?? null, superseded: supersededBy(between) !== null }, now);
    if (ended !== null) return end(watch, ended, supersededBy(between), now, token);
    if (!sameSpell(before, spell)) await db.$transaction(async (tx) => void (await assertLease(tx, token), await saveSpell(tx, watch.operationId, spell)));
    if (rollback !== null && watch.proposal === null && ["failed", "returned", "aborted", "refused"].includes(rollback.status)) return proposeAfter(watch, rollback, now, token);
    const failed = hasFailed(spell, sample, now);
    if (!failed || watch.decision !== null) return;
    const back = await wayBackOf(context, watch, view);
    const verdict = verdictOf({ failed, decided: false, mode: modeOf(watch), release: back.release, between });
    if (verdict.do === "nothing") return;
    const done = await decide(context, { watch, sample, spell, verdict, back, now, token });
    if (done) parts.changed?.(watch.environment);
  }

  /** Whoever turns the mode down while it is watched means it. */
  function modeOf(watch: PromotionWatch): "observe" | "rollback" {
    const configured = config.environments.find((environment) => environment.name === watch.environment)?.policy.watch.mode;
    return watch.mode === "rollback" && configured === "rollback" ? "rollback" : "observe";
  }

  function sampleNow(watch: PromotionWatch, view: EnvironmentView, operations: Between["operations"], rollback: string | null, now: Date): Sample {
    const environment = config.environments.find((one) => one.name === watch.environment);
    const named = config.bigPods.map((bigPod) => ({ name: bigPod.name, workload: bigPod.workload.name }));
    const busy = operations.find((operation) => operation.kind !== "stand-down" && (operation.status === "running" || operation.status === "queued"));
    const ownRollback = rollback === "queued" || rollback === "running" ? "the automatic rollback" : null;
    return sampleOf({
      states: watch.bigPods.map((bigPod) => ({ bigPod, state: view.state(bigPod) })),
      fresh: view.fresh(),
      busyWith: busy?.title ?? ownRollback,
      alerts: alerts.known(watch.environment),
      scope: { environment: watch.environment, namespace: environment?.namespace ?? "", bigPods: named.filter(({ name }) => watch.bigPods.includes(name)) },
      others: named.filter(({ name }) => !watch.bigPods.includes(name)),
      promotedFrom: watch.promotedFrom,
      promotedAt: watch.beganAt,
      now,
    });
  }

  async function end(watch: PromotionWatch, outcome: NonNullable<ReturnType<typeof watchEnd>>, why: string | null, now: Date, token: LeaseToken): Promise<void> {
    const said = { passed: "nothing failed", recovered: "it recovered", "rolled-back": "it was rolled back", superseded: why ?? "something else came after it" }[outcome];
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      if ((await lockWatch(tx, watch.operationId)) === null) return;
      await endWatch(tx, watch.operationId, now, outcome);
      await appendAudit(tx, {
        action: "watch.verdict", outcome: outcome === "passed" || outcome === "recovered" ? "succeeded" : "failed", actor: vigieActor, environment: watch.environment, bigPods: watch.bigPods, operationId: watch.operationId,
        summary: `${watch.release === null ? "The promotion" : `R-${watch.release}`} is not watched any more in ${watch.environment}: ${said}`, reason: null, before: null, after: { outcome },
      });
    });
    parts.changed?.(watch.environment);
  }

  /** The one automatic rollback did not bring it back: people decide now. */
  async function proposeAfter(watch: PromotionWatch, rollback: { status: string; note: string | null; title: string }, now: Date, token: LeaseToken): Promise<void> {
    await db.$transaction(async (tx) => {
      await assertLease(tx, token);
      const current = await lockWatch(tx, watch.operationId);
      if (current === null || current.proposal !== null) return;
      const release = /R-([0-9]+)/.exec(rollback.title)?.[1];
      await saveProposal(tx, watch.operationId, {
        operationId: watch.operationId, release: release === undefined ? null : Number(release), at: now.toISOString(), evidence: rollback.note === null ? [] : [rollback.note],
        sentence: `Vigie's own rollback ("${rollback.title}") ended as ${rollback.status}. It does not try again: look at ${watch.environment} now.`,
      });
    });
    parts.changed?.(watch.environment);
  }

  const { look, close } = createLook({ log, trouble: "what was promoted cannot be watched right now; it is looked at again", again: "promotions are watched again", work: lookAtAll });
  return {
    look,
    async close() {
      await close();
      await alerts.idle();
      closeViews(new Set());
    },
  };
}

function sameSpell(a: Spell, b: Spell): boolean {
  return a.failingSince?.getTime() === b.failingSince?.getTime() && a.calmSince?.getTime() === b.calmSince?.getTime();
}
