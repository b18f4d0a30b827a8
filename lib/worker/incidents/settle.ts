import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { lockIncidents } from "#lib/db/repositories/incident-join.ts";
import { incidentStatuses } from "#lib/domain/incident-status.ts";
import { isOver } from "#lib/domain/incident-join.ts";
import { vigieActor } from "#lib/services/operation/request-automatic.ts";
import { tellIncidents } from "#lib/services/incident/tell.ts";
import type { EngineParts } from "#lib/worker/incidents/parts.ts";
import { assertLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

const minuteMs = 60_000;
const live = { in: ["open", "acknowledged"] };

/** How exactly the end of an isolation is known. */
const isolatedAgainMs = 20_000;

/**
 * Resolves what has been quiet long enough. Signals that no incident knows yet come first: while there are any, nothing of their environment is called over.
 * What is cut off from its callers is quiet for that reason alone: while a Big Pod is isolated, the quiet time of its incidents does not begin.
 */
export async function settleIncidents(parts: EngineParts, token: LeaseToken): Promise<number> {
  const { db, config } = parts.context;
  const quietMs = config.incidents.quietMinutes * minuteMs;
  const now = await databaseNow(db);
  await db.$executeRaw`
    UPDATE incident i SET quiet_since = ${now} FROM big_pod_state s
    WHERE i.status IN ('open', 'acknowledged') AND i.firing = 0 AND i.quiet_since < ${new Date(now.getTime() - Math.min(isolatedAgainMs, quietMs / 2))}
      AND s.environment = i.environment AND s.big_pod = i.big_pod AND jsonb_typeof(s.state -> 'isolation') = 'object'`;
  const due = await db.incidentRow.findMany({ where: { status: live, manual: false, firing: 0, quietSince: { lte: new Date(now.getTime() - quietMs) } }, select: { id: true, environment: true } });
  let settled = 0;
  for (const { id, environment } of due) if (await settle(parts, id, environment, quietMs, token)) settled += 1;
  return settled;
}

async function settle(parts: EngineParts, id: string, environment: string, quietMs: number, token: LeaseToken): Promise<boolean> {
  return parts.context.db.$transaction(
    async (tx) => {
      await assertLease(tx, token);
      await lockIncidents(tx, environment);
      const row = await tx.incidentRow.findUniqueOrThrow({ where: { id } });
      const untold = await tx.signalRow.count({ where: { handled: false, OR: [{ environment }, { environment: null }, { environment: { notIn: parts.context.config.environments.map((e) => e.name) } }] } });
      const now = await databaseNow(tx);
      if (untold > 0 || !isOver({ ...row, status: incidentStatuses.find((status) => status === row.status) ?? "resolved" }, now, quietMs)) return false;
      await tx.incidentRow.update({ where: { id }, data: { status: "resolved", resolvedAt: now, resolvedBy: vigieActor.name } });
      const quiet = `Nothing has fired since ${row.quietSince?.toISOString() ?? now.toISOString()}`;
      await appendEntry(tx, { incidentId: id, key: `resolved:${row.reopened}`, at: now, kind: "resolved", title: "Resolved by itself", detail: `${quiet}.`, actor: vigieActor });
      await appendAudit(tx, {
        action: "incident.resolve", outcome: "succeeded", actor: vigieActor, environment, bigPods: row.bigPod === null ? [] : [row.bigPod], operationId: null,
        summary: `Incident ${row.number} is resolved: ${row.title}`, reason: quiet, before: { status: row.status }, after: { number: row.number, status: "resolved" },
      });
      await tellIncidents(tx, parts.context, [{ id, what: "resolved" }], parts.onIncident);
      return true;
    },
    { maxWait: 5_000, timeout: 10_000 },
  );
}
