import { incidentSummarySchema } from "#lib/contracts/incident-summary.ts";
import { bury, claimNotification, followersOf, forgetOldTests, newestOf, orphans, recordFailed, recordSent, threadOf } from "#lib/db/repositories/notification.ts";
import type { ClaimedNotification } from "#lib/db/repositories/notification.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { oneLine } from "#lib/domain/notification-text.ts";
import { retryDelayMs, toldAtOnce } from "#lib/domain/notification.ts";
import type { NotificationKind } from "#lib/domain/notification.ts";
import { NotifyError } from "#lib/ports/notify.ts";
import type { Announcement, Notify, NotifyChannel } from "#lib/ports/notify.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createDrains } from "#lib/worker/drains.ts";

/** Longer than any channel's time-outs together, so that a message that is being sent is not claimed anew. */
const claimMs = 60_000;
const tidyEveryMs = 60_000;

export interface Notifier {
  /** Sends what is due, and resolves when nothing more is. Channels do not wait for each other. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface NotifierParts {
  context: Pick<ServiceContext, "db" | "config" | "log">;
  notify: Notify;
  /** Where people reach the portal. */
  portalUrl: string;
  random: () => number;
  delayMs?: (attempt: number, random: number) => number;
}

/**
 * Sends what the outbox holds. Any worker may: each notification is claimed by one. A worker that dies between sending and writing it down leaves a message
 * that is sent once more by the next: e-mail and webhook carry the same id then, and Slack's one message is updated to what it says already.
 */
export function createNotifier({ context, notify, portalUrl, random, delayMs = retryDelayMs }: NotifierParts): Notifier {
  const { db, config, log } = context;
  const drains = createDrains(drain);
  let silent = false;
  let tidiedAt = 0;

  /** Sends one; false when nothing is due. */
  async function next(name: string): Promise<boolean> {
    const claimed = await claimNotification(db, name, claimMs);
    if (claimed === null) return false;
    try {
      const channel = notify.channel(name);
      const { announcement, ids } = await announcementOf(claimed, channel);
      const { thread } = await channel.send(announcement, await threadOf(db, name, claimed.incidentId), drains.signal);
      await recordSent(db, claimed, { ids, thread, paceMs: channel.paceMs, title: `${name} was told: ${kindWords[announcement.kind]}` });
    } catch (error) {
      const known = error instanceof NotifyError || isVigieError(error);
      if (!known) log.error({ error, channel: name, notification: claimed.id }, "a notification could not be sent, for a reason nobody foresaw");
      const sentence = known ? oneLine(error.message) : "Something failed inside Vigie; the worker's log says more.";
      const dead = await recordFailed(db, claimed, {
        sentence,
        permanent: error instanceof NotifyError && error.permanent,
        retryAfterMs: error instanceof NotifyError ? error.retryAfterMs : null,
        delayMs: delayMs(claimed.attempts, random()),
      });
      log.warn({ channel: name, notification: claimed.id, attempt: claimed.attempts, dead }, `a notification did not arrive: ${sentence}`);
    }
    return true;
  }

  async function announcementOf(claimed: ClaimedNotification, channel: NotifyChannel): Promise<{ announcement: Announcement; ids: string[] }> {
    const waiting = [claimed, ...(channel.absorbs === "none" ? [] : await followersOf(db, claimed))];
    const told = waiting.slice(0, toldAtOnce(waiting.map(({ kind }) => kind), channel.absorbs));
    const last = told.at(-1) ?? claimed;
    const newest = channel.absorbs === "all" ? ((await newestOf(db, claimed)) ?? last) : last;
    const incident = claimed.incidentId === null ? null : incidentSummarySchema.safeParse(newest.payload);
    if (incident?.success === false) throw new NotifyError("What is to be told cannot be read: it was written by another version of Vigie.", { permanent: true, cause: incident.error });
    const summary = incident?.data ?? null;
    const by = summary === null && typeof claimed.payload === "object" && claimed.payload !== null && "by" in claimed.payload && typeof claimed.payload.by === "string" ? claimed.payload.by : null;
    return {
      ids: told.map(({ id }) => id),
      announcement: {
        id: newest.id, incidentId: claimed.incidentId, kind: newest.kind, at: claimed.createdAt, platform: config.platform.name, incident: summary,
        link: summary === null ? `${portalUrl}/settings` : `${portalUrl}/incidents/${summary.number}`, by, attempt: claimed.attempts,
      },
    };
  }

  async function drain(name: string): Promise<void> {
    try {
      while (!drains.stopped() && (await next(name)));
      silent = false;
    } catch (error) {
      // The database is away: claims run out by themselves.
      if (!silent) log.warn({ err: error, channel: name }, "notifications cannot be looked at; it is tried again");
      silent = true;
    }
  }

  async function tidy(): Promise<void> {
    await forgetOldTests(db);
    for (const row of await orphans(db, config.notifications.map(({ name }) => name))) {
      await db.$transaction((tx) => bury(tx, row, `The channel "${row.channel}" does not stand in vigie.yaml any more.`));
    }
  }

  return {
    async look() {
      if (drains.stopped()) return;
      drains.begin(config.notifications.map(({ name }) => name));
      if (performance.now() - tidiedAt > tidyEveryMs || tidiedAt === 0) {
        tidiedAt = performance.now();
        await tidy().catch((error: unknown) => log.warn({ err: error }, "old notifications cannot be looked at; it is tried again"));
      }
      await drains.idle();
    },
    close: drains.close,
  };
}

const kindWords: Record<NotificationKind, string> = { opened: "opened", updated: "what is new", acknowledged: "acknowledged", resolved: "resolved", reopened: "came back", test: "a test" };
