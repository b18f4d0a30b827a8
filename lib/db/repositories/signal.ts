import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Database, Transaction } from "#lib/db/client.ts";
import { signalChannel } from "#lib/db/channels.ts";
import type { SignalRow } from "#lib/db/generated/client.ts";
import { signalSchema } from "#lib/contracts/incident.ts";
import type { Signal } from "#lib/contracts/incident.ts";

/** One occurrence as it was heard of. `key`: kind, fingerprint and onset, so that every way that hears of it means the same row. */
export interface HeardSignal extends Omit<Signal, "id" | "receivedAt" | "ways"> {
  key: string;
  way: Signal["ways"][number];
  fingerprint: string | null;
  operationId: string | null;
}

const texts = z.record(z.string(), z.string()).catch({});
const silence = signalSchema.shape.silence.catch(null);
const link = z.url({ protocol: /^https?$/ }).nullable().catch(null);

/** A row as others see it, in a list of one; empty for one that no signal could ever have been (its parts from outside are read leniently). */
export function toSignal(row: SignalRow): Signal[] {
  const parsed = signalSchema.safeParse({
    ...row,
    onsetAt: row.onsetAt.toISOString(),
    receivedAt: row.receivedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    labels: texts.parse(row.labels),
    annotations: texts.parse(row.annotations),
    silence: silence.parse(row.silence),
    link: link.parse(row.link),
  });
  return parsed.success ? [parsed.data] : [];
}

/**
 * For signals whose key says which occurrence they are (health, operations, blindness); alerts have several ways and are joined in alert-record.ts.
 * Writes what was heard: a new row, or what is new of a known one (a way, an end, a severity, a silence). An occurrence that has ended never fires again: that is
 * another one, with another onset. Incidents are told when, and only when, something moved. Returns whether it did.
 */
export async function recordSignal(tx: Transaction, heard: HeardSignal): Promise<boolean> {
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  const moved = await tx.$executeRaw`
    INSERT INTO signal (id, key, kind, title, detail, environment, big_pod, service, severity, state, onset_at, received_at, seen_at, ended_at, labels, annotations, ways, silence, link, fingerprint, operation_id)
    VALUES (${randomUUID()}, ${heard.key}, ${heard.kind}, ${heard.title}, ${heard.detail}, ${heard.environment}, ${heard.bigPod}, ${heard.service}, ${heard.severity}, ${heard.state},
      ${new Date(heard.onsetAt)}, clock_timestamp(), clock_timestamp(), ${heard.endedAt === null ? null : new Date(heard.endedAt)}, ${json(heard.labels)}::jsonb, ${json(heard.annotations)}::jsonb,
      ARRAY[${heard.way}]::text[], ${json(heard.silence)}::jsonb, ${heard.link}, ${heard.fingerprint}, ${heard.operationId})
    ON CONFLICT (key) DO UPDATE SET
      seen_at = excluded.seen_at, title = excluded.title, detail = coalesce(excluded.detail, signal.detail), severity = excluded.severity,
      state = CASE WHEN signal.state = 'ended' THEN 'ended' WHEN signal.state = 'firing' AND excluded.state = 'pending' THEN 'firing' ELSE excluded.state END,
      ended_at = coalesce(signal.ended_at, excluded.ended_at), annotations = excluded.annotations, labels = excluded.labels,
      silence = excluded.silence, link = coalesce(excluded.link, signal.link),
      ways = CASE WHEN excluded.ways[1] = ANY (signal.ways) THEN signal.ways ELSE signal.ways || excluded.ways END,
      handled = false
    WHERE (signal.title, signal.severity, signal.silence, signal.annotations) IS DISTINCT FROM (excluded.title, excluded.severity, excluded.silence, excluded.annotations)
      OR NOT (excluded.ways[1] = ANY (signal.ways))
      OR signal.state <> 'ended' AND signal.state <> excluded.state AND NOT (signal.state = 'firing' AND excluded.state = 'pending')`;
  if (moved > 0) await tx.$executeRaw`SELECT pg_notify(${signalChannel}, '')`;
  return moved > 0;
}

export interface SignalListQuery {
  state: "live" | "firing" | "pending" | "ended" | "all";
  environments: readonly string[] | "*";
  bigPod?: string | undefined;
  kind?: string | undefined;
  before: { onsetAt: Date; id: string } | null;
  limit: number;
}

/** One row more than the limit where there are more, newest onset first. */
export async function listSignalRows(db: Database, { state, environments, bigPod, kind, before, limit }: SignalListQuery): Promise<SignalRow[]> {
  return db.signalRow.findMany({
    where: {
      ...(state === "all" ? {} : { state: state === "live" ? { in: ["pending", "firing"] } : state }),
      ...(environments === "*" ? {} : { environment: { in: [...environments] } }),
      ...(bigPod === undefined ? {} : { bigPod }),
      ...(kind === undefined ? {} : { kind }),
      ...(before === null ? {} : { OR: [{ onsetAt: { lt: before.onsetAt } }, { onsetAt: before.onsetAt, id: { lt: before.id } }] }),
    },
    orderBy: [{ onsetAt: "desc" }, { id: "desc" }],
    take: limit + 1,
  });
}

/** What somebody just did in Alertmanager shows at once; the next look confirms it. */
export async function setSilence(tx: Transaction, signalId: string, silence: NonNullable<Signal["silence"]>): Promise<void> {
  await tx.$executeRaw`UPDATE signal SET silence = ${JSON.stringify(silence)}::jsonb, seen_at = clock_timestamp(), handled = false WHERE id = ${signalId} AND state <> 'ended'`;
  await tx.$executeRaw`SELECT pg_notify(${signalChannel}, '')`;
}

export async function clearSilence(tx: Transaction, silenceId: string): Promise<void> {
  await tx.$executeRaw`UPDATE signal SET silence = NULL, seen_at = clock_timestamp(), handled = false WHERE silence ->> 'id' = ${silenceId} AND state <> 'ended'`;
  await tx.$executeRaw`SELECT pg_notify(${signalChannel}, '')`;
}

/** Live signals of Vigie's own kinds, which end by key. */
export async function liveSignals(db: Database | Transaction, kind: Exclude<Signal["kind"], "alert">): Promise<SignalRow[]> {
  return db.signalRow.findMany({ where: { kind, state: { not: "ended" } } });
}

/** Ends those that have not ended. `endedAt` is database time when left out. */
export async function endSignals(tx: Transaction, keys: readonly string[], endedAt: Date | null = null): Promise<number> {
  if (keys.length === 0) return 0;
  const ended = await tx.$executeRaw`
    UPDATE signal SET state = 'ended', ended_at = greatest(coalesce(${endedAt}::timestamptz, clock_timestamp()), onset_at), seen_at = clock_timestamp(), silence = NULL, handled = false
    WHERE key = ANY(${[...keys]}::text[]) AND state <> 'ended'`;
  if (ended > 0) await tx.$executeRaw`SELECT pg_notify(${signalChannel}, '')`;
  return ended;
}
