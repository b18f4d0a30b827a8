import { randomUUID } from "node:crypto";
import type { Config } from "#lib/contracts/config.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { databaseNow } from "#lib/db/client.ts";
import type { Transaction } from "#lib/db/client.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { severities } from "#lib/domain/incident-status.ts";
import type { Severity } from "#lib/domain/incident-status.ts";

/** What became of an incident that people outside may want to hear. */
export type IncidentNewsKind = "opened" | "updated" | "acknowledged" | "resolved" | "reopened";
export interface IncidentNews {
  incident: IncidentSummary;
  what: IncidentNewsKind;
  /** Severity before, where that is what is new: a channel that hears of it only now hears that it was opened. */
  was?: Severity;
}
/** Called in the transaction that made the news; what it throws undoes that. */
export type IncidentHook = (tx: Transaction, news: IncidentNews) => Promise<void>;

/** Channels that want to hear of an incident: those of its environment whose threshold it reaches. */
export function channelsFor(config: Pick<Config, "notifications">, incident: Pick<IncidentSummary, "environment" | "severity">): string[] {
  return config.notifications
    .filter((channel) => (channel.environments === undefined || channel.environments.includes(incident.environment)) && severities.indexOf(incident.severity) <= severities.indexOf(channel.from))
    .map((channel) => channel.name);
}

/** Puts the news into the outbox of each channel that wants it, in the caller's transaction: what is told is what happened, and nothing that happened is untold. */
export async function announceIncident(tx: Transaction, config: Pick<Config, "notifications">, { incident, what, was }: IncidentNews): Promise<void> {
  const channels = channelsFor(config, incident);
  if (channels.length === 0) return;
  const told = was === undefined ? channels : channelsFor(config, { ...incident, severity: was });
  const now = await databaseNow(tx);
  await tx.notificationRow.createMany({ data: channels.map((channel) => ({ id: randomUUID(), channel, incidentId: incident.id, kind: told.includes(channel) ? what : "opened", payload: asJson(incident), createdAt: now, dueAt: now })) });
}
