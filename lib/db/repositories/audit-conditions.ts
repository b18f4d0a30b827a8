import { Prisma } from "#lib/db/generated/client.ts";
import type { AuditFilter } from "#lib/db/repositories/audit-page.ts";

export interface AuditConditions {
  /** The filter in terms of columns and of the two functions that the index is over: right by itself, whatever index there is. */
  all: Prisma.Sql;
  /** The same with a cheap test first, for rows looked at one by one. */
  walked: Prisma.Sql;
  /** For the index over everything; null when no part of the filter is in it. */
  byIndex: Prisma.Sql | null;
  /** One filter alone, whose own index is in the order of the page: no other is needed. */
  ordered: { column: "actor_id" | "action" | "environment" | "outcome" | "operation_id"; values: readonly string[] } | null;
  /** More matches than this in one partition are not sorted: each costs a look at its row, and of so many some are soon met by walking. */
  mostSorted: number;
  /** How many rows a window may have: fewer where a row costs more to look at. */
  windowRows(most: number): number;
}

const pattern = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
/** What stands in the text in another form than in the stored bytes: JSON's escapes and spaces. */
const otherwiseInBytes = /["\\\p{Cc}]|[,:] /u;
/** Trigrams are made of letters and digits; ASCII ones count in any locale. */
const hasTrigram = /[a-z0-9]{3}/i;

/** A filter as SQL. Text is matched whatever its case, as it stands: %, _ and \ are no wildcards. */
export function conditionsOf(filter: AuditFilter): AuditConditions {
  // Only the database makes it lower case: what that does to "É" depends on its locale, and has to be the same on both sides.
  const text = filter.text ?? null;
  const columns: Prisma.Sql[] = [];
  if (filter.actorIds !== undefined) columns.push(Prisma.sql`actor_id = ANY(${[...filter.actorIds]}::text[])`);
  if (filter.action !== undefined) columns.push(Prisma.sql`action = ${filter.action}`);
  if (filter.environment !== undefined) columns.push(Prisma.sql`environment = ${filter.environment}`);
  if (filter.operation !== undefined) columns.push(Prisma.sql`operation_id = ${filter.operation}`);
  if (filter.bigPod !== undefined) columns.push(Prisma.sql`big_pods @> ARRAY[${filter.bigPod}]::text[]`);
  if (filter.outcome !== undefined) columns.push(Prisma.sql`outcome = ${filter.outcome}`);
  const subjects = [...(filter.incident === undefined ? [] : [`incident:${filter.incident}`]), ...(filter.release === undefined ? [] : [`release:${filter.release}`])];
  const costly: Prisma.Sql[] = [];
  if (subjects.length > 0) costly.push(Prisma.sql`audit_subjects(bytes) @> ${subjects}::text[]`);
  if (text !== null) costly.push(Prisma.sql`audit_search_text(bytes) LIKE lower(${pattern(text)})`);
  const seen = filter.visible === "*" ? [] : [Prisma.sql`(environment IS NULL OR environment = ANY(${[...filter.visible]}::text[]))`];

  const cheap: Prisma.Sql[] = [];
  const prefiltered = text !== null && !otherwiseInBytes.test(text);
  if (prefiltered) cheap.push(Prisma.sql`lower(bytes) LIKE lower(${pattern(text)})`);
  for (const subject of subjects) cheap.push(Prisma.sql`position(${subject.split(":")[1] ?? ""} IN bytes) > 0`);

  const indexable = columns.length > 0 || subjects.length > 0 || (text !== null && hasTrigram.test(text));
  const parts = [...columns, ...costly, ...seen];
  return {
    all: joined(parts),
    walked: joined([...columns, ...seen, ...cheap, ...costly]),
    byIndex: indexable ? joined(parts) : null,
    ordered: costly.length === 0 ? orderedBy(filter) : null,
    mostSorted: costly.length === 0 ? 1_000 : text === null ? 20_000 : 3_000,
    windowRows: (most) => (text === null && subjects.length === 0 ? most : Math.ceil(most / (prefiltered || subjects.length > 0 ? 3 : 20))),
  };
}

const joined = (parts: readonly Prisma.Sql[]): Prisma.Sql => (parts.length === 0 ? Prisma.sql`true` : Prisma.join([...parts], " AND "));

function orderedBy(filter: AuditFilter): AuditConditions["ordered"] {
  // An operation has few entries, however it is filtered besides.
  if (filter.operation !== undefined) return { column: "operation_id", values: [filter.operation] };
  const given = [filter.actorIds, filter.action, filter.environment, filter.bigPod, filter.outcome].filter((value) => value !== undefined).length;
  if (given !== 1 || filter.visible !== "*") return null;
  if (filter.actorIds !== undefined) return { column: "actor_id", values: filter.actorIds };
  if (filter.action !== undefined) return { column: "action", values: [filter.action] };
  if (filter.outcome !== undefined) return { column: "outcome", values: [filter.outcome] };
  return filter.environment === undefined ? null : { column: "environment", values: [filter.environment] };
}
