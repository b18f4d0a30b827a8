import type { Actor } from "#lib/contracts/actor.ts";
import type { NotificationConfig } from "#lib/contracts/config.ts";
import type { NotificationChannelState, NotificationsResponse } from "#lib/contracts/notification.ts";
import { countUntold } from "#lib/db/repositories/notification.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { notificationKinds } from "#lib/domain/notification.ts";
import { visibleEnvironments } from "#lib/services/access/visible-environments.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const mostDead = 100;

/** How each configured channel is, and the dead letters of incidents the actor may see, newest first. Throws VigieError "denied". */
export async function listNotifications(context: ServiceContext, actor: Actor): Promise<NotificationsResponse> {
  await authorise(context, actor, "incident.read", null, "see the channels of notifications");
  const { db, config } = context;
  const [states, counts, rows] = await Promise.all([
    db.notificationChannelRow.findMany(),
    countUntold(db),
    db.notificationRow.findMany({ where: { deadAt: { not: null } }, orderBy: { deadAt: "desc" }, take: mostDead }),
  ]);
  const visible = visibleEnvironments(context, actor, "incident.read");
  const incidents = await db.incidentRow.findMany({ where: { id: { in: rows.flatMap(({ incidentId }) => incidentId ?? []) } }, select: { id: true, number: true, title: true, environment: true } });
  const known = new Map(incidents.map(({ id, ...incident }) => [id, incident]));
  return {
    channels: config.notifications.map((channel) => ({ ...about(channel), ...stateOf(states.find((state) => state.channel === channel.name), context.clock.now()), waiting: counts.get(channel.name)?.waiting ?? 0, dead: counts.get(channel.name)?.dead ?? 0 })),
    dead: rows.flatMap((row) => {
      const incident = row.incidentId === null ? null : known.get(row.incidentId);
      const kind = notificationKinds.find((candidate) => candidate === row.kind);
      if (incident === undefined || kind === undefined || row.deadAt === null || (incident !== null && visible !== "*" && !visible.includes(incident.environment))) return [];
      return [{ id: row.id, channel: row.channel, kind, incident, createdAt: row.createdAt.toISOString(), deadAt: row.deadAt.toISOString(), attempts: row.attempts, sentence: row.lastError ?? "It did not arrive." }];
    }),
  };
}

type ChannelRow = Awaited<ReturnType<ServiceContext["db"]["notificationChannelRow"]["findMany"]>>[number];

/** A pause between two messages is not worth a word; being asked to wait is. */
const shortPauseMs = 2_000;

function stateOf(row: ChannelRow | undefined, now: Date): Pick<NotificationChannelState, "lastSentAt" | "failing" | "notBefore"> {
  const { lastSentAt, failingSince, lastErrorAt, lastError, notBefore } = row ?? { lastSentAt: null, failingSince: null, lastErrorAt: null, lastError: null, notBefore: null };
  return {
    lastSentAt: lastSentAt?.toISOString() ?? null,
    failing: failingSince === null || lastErrorAt === null ? null : { since: failingSince.toISOString(), at: lastErrorAt.toISOString(), sentence: lastError ?? "" },
    notBefore: notBefore === null || notBefore.getTime() < now.getTime() + shortPauseMs ? null : notBefore.toISOString(),
  };
}

function about(channel: NotificationConfig): Pick<NotificationChannelState, "name" | "kind" | "to" | "from" | "environments"> {
  const { name, kind, from, environments = null } = channel;
  return { name, kind, from, environments, to: addressOf(channel) };
}

/** Where it leads. Of a webhook the host only: its path may be a secret. */
function addressOf(channel: NotificationConfig): string {
  switch (channel.kind) {
    case "slack":
      return channel.to;
    case "email":
      return channel.to.join(", ");
    case "webhook":
      return new URL(channel.url).host;
    default:
      return assertNever(channel);
  }
}
