/** Process of audit-kills.test.ts: eight writers, each of which does something and writes it down in one transaction, until it is killed. Prints a line per commit. */
import { randomUUID } from "node:crypto";
import { appendAudit } from "#lib/db/audit.ts";
import { createDatabase } from "#lib/db/client.ts";

const writers = 8;
const db = createDatabase(process.env.DATABASE_URL ?? "", { poolSize: writers, statementTimeoutMs: 60_000 });

async function write(): Promise<never> {
  for (;;) {
    const id = randomUUID();
    await db
      .$transaction(
        async (tx) => {
          await tx.$executeRaw`INSERT INTO effect (id) VALUES (${id})`;
          await appendAudit(tx, { action: "operation.start", outcome: "allowed", actor: { kind: "system", id: `${process.pid}`, name: "Vigie" }, environment: "prod", bigPods: ["core"], operationId: id, summary: "did something", reason: null, before: null, after: { release: 1 } });
          await tx.$executeRaw`UPDATE effect SET done = true WHERE id = ${id}`;
        },
        { maxWait: 60_000, timeout: 60_000 },
      )
      // A connection that was cut is what this is about: whether it was committed is seen in the database.
      .then(() => void process.stdout.write(`${id}\n`), () => undefined);
  }
}

await Promise.all(Array.from({ length: writers }, write));
