import { randomBytes } from "node:crypto";
import pg from "pg";
import { canaryMark } from "#lib/runtime/commands/tally.ts";

/** Something secret that is planted, and must be found in no output. */
export interface Canary {
  /** What it is, for sentences of a failed test: never the value. */
  what: string;
  value: string;
}

export interface Output {
  /** "GET /api/v1/state", "worker.log", "table audit_entry" */
  name: string;
  text: string;
}

/** A value as nobody would write it by chance, of letters and digits only: it looks the same in URLs, JSON, HTML and CSV. */
export function canaryValue(): string {
  return `${canaryMark}${randomBytes(12).toString("hex")}`;
}

/** "bearer token of the kubeconfig in GET /api/v1/state": where each was found, plainly, in base64 or percent-encoded. Names, never values. */
export function found(canaries: readonly Canary[], outputs: readonly Output[]): string[] {
  return canaries.flatMap(({ what, value }) => {
    // Base64 has three alignments; the middle of each is the same wherever it stands.
    const spellings = [value, encodeURIComponent(value), ...[0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString("base64").slice(4, -4))];
    return outputs.filter(({ text }) => spellings.some((spelling) => text.includes(spelling))).map(({ name }) => `${what} in ${name}`);
  });
}

/** Every row of every table of every schema, as text: what a stolen copy of the database would hold. */
export async function databaseDump(url: string): Promise<Output[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ schema: string; name: string }>(`SELECT table_schema AS schema, table_name AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') AND has_table_privilege(quote_ident(table_schema) || '.' || quote_ident(table_name), 'SELECT')`);
    const outputs: Output[] = [];
    for (const { schema, name } of tables) {
      const { rows } = await client.query<{ text: string | null }>(`SELECT string_agg(t::text, E'\\n') AS text FROM ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)} t`);
      outputs.push({ name: `table ${name}`, text: bytesShown(rows[0]?.text ?? "") });
    }
    return outputs;
  } finally {
    await client.end();
  }
}

/** bytea is printed as \x6162…: decoded beside it, or a secret in it would not be seen. */
function bytesShown(text: string): string {
  return text.replaceAll(/\\\\?x((?:[0-9a-f]{2}){8,})/g, (whole, hex: string) => `${whole} ${Buffer.from(hex, "hex").toString("latin1")}`);
}
