import { z } from "zod";
import { suspectSchema } from "#lib/contracts/incident.ts";
import type { Suspect } from "#lib/contracts/incident.ts";
import { databaseNow } from "#lib/db/client.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { publishIncidents } from "#lib/db/repositories/incident.ts";
import { baselineFactor } from "#lib/domain/comparison-windows.ts";
import { comparisonPresentation } from "#lib/domain/incident-status.ts";
import { findSuspects } from "#lib/services/incident/suspects.ts";
import type { FoundSuspects, SuspectedIncident } from "#lib/services/incident/suspects.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** While windows fill, they are measured again this often. */
const measureEveryMs = 15_000;

export interface SuspectSeeker {
  /** Looks for suspects of the open incidents that are due. A look during another is left out. */
  look(): Promise<void>;
  close(): Promise<void>;
}

interface Known {
  /** What, besides time, decides the answer. */
  print: string;
  /** Null: nothing more is to be measured. */
  nextAt: number | null;
}

/**
 * Keeps the suspects of open incidents, with the observer's lease only: at the opening, whenever a change or signal is heard of late, and every 15 s while the window
 * after a suspected change fills. What was found is in the database; a worker that takes over finds it again.
 */
export function createSuspectSeeker({ context, lease }: { context: ServiceContext; lease: () => LeaseToken | null }): SuspectSeeker {
  const { db, config, log } = context;
  const known = new Map<string, Known>();
  const stopping = new AbortController();
  let epoch: bigint | null = null;
  let looking: Promise<void> | null = null;

  async function lookAtDue(): Promise<void> {
    const token = lease();
    if (token === null) return;
    if (epoch !== token.epoch) known.clear();
    epoch = token.epoch;
    const open = await db.incidentRow.findMany({ where: { status: { in: ["open", "acknowledged"] } }, select: { id: true, environment: true, bigPod: true, onsetAt: true, suspects: true }, orderBy: { number: "desc" } });
    for (const id of known.keys()) if (!open.some((incident) => incident.id === id)) known.delete(id);
    if (open.length === 0) return;
    const [now, prints] = [await databaseNow(db), await printsOf(open)];
    // Those that nobody has looked at yet come first: in a storm, measuring the others again can wait.
    for (const incident of open.toSorted((left, right) => Number(known.has(left.id)) - Number(known.has(right.id)))) {
      if (stopping.signal.aborted) return;
      const print = `${prints.changes.get(incident.environment) ?? ""}/${prints.signals.get(incident.id) ?? 0}/${incident.onsetAt.getTime()}/${incident.bigPod}`;
      const before = known.get(incident.id);
      if (before?.print === print && (before.nextAt === null || now.getTime() < before.nextAt)) continue;
      try {
        const found = await findSuspects(context, incident, now, stopping.signal);
        if (stopping.signal.aborted) return;
        await keep(incident, found, now, token);
        known.set(incident.id, { print, nextAt: found.settled ? null : now.getTime() + measureEveryMs });
      } catch (error) {
        if (error instanceof LeaseLost) throw error;
        known.set(incident.id, { print, nextAt: now.getTime() + measureEveryMs });
        log.warn({ incident: incident.id, err: error }, "the suspects of an incident could not be found; they are looked for again");
      }
    }
  }

  async function printsOf(open: readonly { id: string; environment: string; onsetAt: Date }[]): Promise<{ changes: Map<string, string>; signals: Map<string, number> }> {
    const oldest = Math.min(...open.map((incident) => incident.onsetAt.getTime()));
    const from = new Date(oldest - (config.incidents.suspectMinutes + config.incidents.compareMinutes * baselineFactor) * 60_000);
    const changes = await db.$queryRaw<{ environment: string; print: string }[]>`SELECT environment, max(position) || '/' || count(*) AS print FROM change WHERE environment = ANY(${[...new Set(open.map((incident) => incident.environment))]}) AND at >= ${from} GROUP BY environment`;
    const signals = await db.$queryRaw<{ id: string; count: number }[]>`SELECT incident_id AS id, count(*)::int AS count FROM signal WHERE incident_id = ANY(${open.map((incident) => incident.id)}) GROUP BY incident_id`;
    return { changes: new Map(changes.map((row) => [row.environment, row.print])), signals: new Map(signals.map((row) => [row.id, row.count])) };
  }

  /** Writes what was found; tells listeners, and the timeline, only what is new. */
  async function keep({ id }: SuspectedIncident, { suspects, note }: FoundSuspects, now: Date, token: LeaseToken): Promise<void> {
    await db.$transaction(
      async (tx) => {
        await assertLease(tx, token);
        const [row] = await tx.$queryRaw<{ suspects: unknown; note: string | null }[]>`SELECT suspects, suspects_note AS note FROM incident WHERE id = ${id} AND status IN ('open', 'acknowledged') FOR UPDATE`;
        if (row === undefined) return;
        const before = z.array(suspectSchema).catch([]).parse(row.suspects);
        const data = { suspects: asJson(suspects), suspectsNote: note, suspectsAt: now };
        const entry = newsOf(before[0], suspects[0]);
        if (entry !== null) await appendEntry(tx, { incidentId: id, key: `suspect/${now.toISOString()}`, at: now, kind: "change", ...entry });
        await tx.incidentRow.update({ where: { id }, data, select: { id: true } });
        if (entry === null && row.note === note && withoutTimes(before) === withoutTimes(suspects)) return;
        await publishIncidents(tx, [id]);
      },
      { maxWait: 5_000, timeout: 10_000 },
    );
  }

  return {
    look() {
      looking ??= lookAtDue()
        .catch((error: unknown) => {
          if (!(error instanceof LeaseLost) && !stopping.signal.aborted) log.debug({ err: error }, "suspects cannot be looked for right now");
        })
        .finally(() => (looking = null));
      return looking;
    },
    async close() {
      stopping.abort();
      await looking;
    },
  };
}

/** Null: the same change is suspected first, with the same verdict. */
function newsOf(before: Suspect | undefined, after: Suspect | undefined): { title: string; detail: string | null; link: string | null } | null {
  const [was, is] = [before?.comparison?.verdict ?? null, after?.comparison?.verdict ?? null];
  if (before?.change.id === after?.change.id && was === is) return null;
  if (after === undefined) return { title: "No change is suspected any more", detail: null, link: null };
  const { change } = after;
  const verdict = is === null ? "" : `: ${comparisonPresentation[is].word}`;
  return { title: `First suspect: ${change.summary}, by ${change.by}${verdict}`, detail: after.reasons.join(". "), link: change.operationId === null ? null : `/operations/${change.operationId}` };
}

function withoutTimes(suspects: readonly Suspect[]): string {
  return JSON.stringify(suspects, (key, value: unknown) => (key === "measuredAt" ? undefined : value));
}
