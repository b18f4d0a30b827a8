import { createHash } from "node:crypto";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";

const perPartition = 1_000_000;
const perFile = 200_000;
const people = ["Ada", "Rafael", "Rita", "Vera", "Oscar", "Nadia", "Samir", "Chloe", "Ines", "Hugo", "Lena", "Milo"];
const words = ["checkout", "latency", "canary", "hotfix", "window", "capacity", "timeout", "cache", "pricing", "search", "panorama", "voyage", "payment", "login"];

/** What stands once in the log, or a few times, so that a question about it has to find it among all others. */
export const needle = { text: "krakatoa eruption", environment: "dev", outcome: "denied", bigPod: "commerce", action: "incident.merge", actor: "person-rare" } as const;

interface Drawn {
  action: string;
  outcome: string;
  actor: string;
  name: string;
  environment: string | null;
  bigPods: string[];
  operation: string | null;
  text: string;
  release: number;
}

/** Entry n, from n alone: mostly operations (three entries each), some sign-ins and refusals, rare things rarely, and in the newest tenth nothing of dev was denied. */
function draw(n: number, of: number): Drawn {
  const hash = (n * 2_654_435_761) % 4_294_967_296;
  const word = (shift: number): string => words[(hash >>> shift) % words.length] ?? "";
  const person = people[(hash >>> 3) % people.length] ?? "";
  const environment = ["dev", "dev", "staging", "prod"][(hash >>> 7) % 4] ?? "dev";
  const bigPod = ["core", "experience", "commerce"][(hash >>> 9) % 3] ?? "core";
  const base = { actor: `person-${person.toLowerCase()}`, name: person, environment, bigPods: [bigPod], operation: null, release: 1 + Math.floor(n / 5_000) };
  if (n === Math.floor(of / 7) || n === Math.floor(of / 3)) return { ...base, action: "incident.note", outcome: "allowed", text: `${person} noted ${needle.text}` };
  if (n % 100_003 === 0) return { ...base, action: needle.action, outcome: "allowed", actor: needle.actor, name: "Rare", text: `merged two incidents about ${word(11)}` };
  const kind = hash % 10;
  if (kind === 0) return { ...base, action: "session.sign-in", outcome: "allowed", environment: null, bigPods: [], text: `${person} signed in with SSO` };
  if (kind === 1 && n < of * 0.9) return { ...base, action: "access.denied", outcome: "denied", text: `${person} may not promote to ${environment}: ${word(13)}` };
  const operation = `op-${Math.floor(n / 3)}`;
  const step = n % 3;
  if (step === 0) return { ...base, operation, action: "operation.request", outcome: "allowed", text: `${person} asked to promote R-${base.release} to ${environment}: ${word(13)} ${word(17)}` };
  if (step === 1) return { ...base, operation, action: "operation.start", outcome: "allowed", text: `promotion of R-${base.release} to ${environment} began` };
  return { ...base, operation, action: "operation.outcome", outcome: hash % 7 === 0 ? "failed" : "succeeded", text: `promotion of R-${base.release} to ${environment} ended after ${hash % 300} s: ${word(19)}` };
}

/**
 * Fills an empty log with `rows` entries and a valid chain, over the last three years, in partitions of a million. As the owner and past audit_append: hashed here,
 * loaded by COPY from files that the server reads in `folder`, and indexed afterwards. The same rows each time.
 */
export async function fillAudit(ownerUrl: string, rows: number, folder: string, until: Date, say: (line: string) => void): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows: indexes } = await client.query<{ name: string; definition: string }>("SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index WHERE indrelid = 'audit_entry'::regclass AND NOT indisprimary");
    for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
    const span = 3 * 365 * 86_400_000;
    let previous = "0".repeat(64);
    let lines: string[] = [];
    const load = async (): Promise<void> => {
      const file = join(folder, "audit.copy");
      writeFileSync(file, lines.join(""));
      chmodSync(file, 0o644);
      await client.query(`COPY audit_entry FROM '${file.replaceAll("'", "''")}'`);
      rmSync(file);
      lines = [];
    };
    for (let n = 1; n <= rows; n++) {
      const at = new Date(until.getTime() - Math.floor(((rows - n) / rows) * span)).toISOString();
      const { action, outcome, actor, name, environment, bigPods, operation, text, release } = draw(n, rows);
      const body = `{"action":"${action}","actor":{"id":"${actor}","kind":"person","name":"${name}"},"after":{"planHash":"${previous}","release":${release}},"before":{"release":${release - 1}},"bigPods":${JSON.stringify(bigPods)},"environment":${JSON.stringify(environment)},"operationId":${JSON.stringify(operation)},"outcome":"${outcome}","reason":${n % 4 === 0 ? `"because of ${text.slice(-12)}"` : "null"},"summary":"${text}"}`;
      const bytes = `{"at":"${at}","body":${body},"previous":"${previous}","sequence":${n}}`;
      previous = createHash("sha256").update(bytes).digest("hex");
      lines.push(`${n}\t${at}\t${action}\t${outcome}\tperson\t${actor}\t${name}\t${environment ?? "\\N"}\t{${bigPods.join(",")}}\t${operation ?? "\\N"}\t${bytes}\t${previous}\n`);
      if (lines.length === perFile || n === rows) await load();
      if (n % perPartition === 0) {
        await closePartition(client);
        say(`${n} entries written`);
      }
    }
    await client.query("SET maintenance_work_mem = '1GB'");
    for (const { name, definition } of indexes) {
      const startedAt = performance.now();
      // pg_get_indexdef writes "ON ONLY" for a partitioned table, which would leave the partitions without.
      await client.query(definition.replace(" ON ONLY ", " ON "));
      say(`${name} built in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    }
    await client.query("VACUUM ANALYZE audit_entry");
  } finally {
    await client.end();
  }
}

/** Closing a partition gives up after 300 ms; waiting for its lock before makes autovacuum, which may hold it for minutes, let go within a second. */
async function closePartition(client: pg.Client): Promise<void> {
  await client.query("BEGIN");
  await client.query("LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE");
  await client.query("SELECT audit_partition_close()");
  await client.query("COMMIT");
}
