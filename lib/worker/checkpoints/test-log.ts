import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createFilePlace } from "#lib/adapters/checkpoints/file.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { readCheckpointLine } from "#lib/contracts/checkpoint-line.ts";
import type { SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import type { Config } from "#lib/contracts/config.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { newSigner } from "#lib/domain/test-chain.ts";
import type { Checkpoints } from "#lib/ports/checkpoints.ts";
import { createTestContext, testConfig } from "#lib/services/test-context.ts";
import { createCheckpointer } from "#lib/worker/checkpoints/checkpointer.ts";
import { createDeliverer } from "#lib/worker/checkpoints/deliverer.ts";
import type { Deliverer } from "#lib/worker/checkpoints/deliverer.ts";
import { acquireLease, observerLease } from "#lib/worker/lease.ts";
import type { Look } from "#lib/worker/look.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";

/** A log of its own with a worker's hands on it: what is due is made and delivered when a test says so. */
export interface TestLogStage {
  database: TestDatabase;
  context: ReturnType<typeof createTestContext>;
  checkpoints: Checkpoints;
  lease: LeaseToken;
  file: string;
  /** A worker's parts, started anew: they remember nothing. */
  parts(places?: Checkpoints["places"]): { checkpointer: Look; deliverer: Deliverer };
  append(count: number, change?: Partial<AuditBody>): Promise<void>;
  /** Makes a checkpoint now, with a fresh worker, and delivers it. */
  sign(): Promise<void>;
  /** What stands in the file. */
  inFile(): SignedCheckpoint[];
  /** What somebody with the owner's rights could do behind Vigie's back. */
  tamper(...statements: string[]): Promise<void>;
  close(): Promise<void>;
}

/** Every look makes a checkpoint: one entry is enough, and so is no time. */
export const eager: Config = { ...testConfig, audit: { ...testConfig.audit, checkpoints: { ...testConfig.audit.checkpoints, everyMinutes: 0, everyEntries: 1 } } };

export async function openTestLog(config: Config = eager): Promise<TestLogStage> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-checkpoints-"));
  const database = await createTestDatabase();
  const context = createTestContext(database.db, config);
  const file = join(folder, "checkpoints.jsonl");
  const checkpoints: Checkpoints = { origin: "vigie/testing", signer: newSigner(), places: [createFilePlace("home", file)] };
  // Long enough for any machine: what a lost lease does is tested by itself.
  const lease = await acquireLease(database.db, observerLease, "worker-1", 600_000);
  if (lease === null) throw new Error("a new database has a free lease");
  const parts: TestLogStage["parts"] = (places = checkpoints.places) => {
    const given = { ...checkpoints, places };
    return { checkpointer: createCheckpointer({ context, checkpoints: given, lease: () => lease }), deliverer: createDeliverer({ context, checkpoints: given, lease: () => lease, random: () => 0, delayMs: () => 0, patienceMs: 0 }) };
  };
  return {
    database,
    context,
    checkpoints,
    lease,
    file,
    parts,
    async append(count, change = {}) {
      const body: AuditBody = { action: "plan.create", outcome: "allowed", actor: { kind: "person", id: "u1", name: "Ada" }, environment: "prod", bigPods: ["core"], operationId: null, summary: "something", reason: null, before: null, after: null, ...change };
      for (let index = 0; index < count; index++) await database.db.$transaction((tx) => appendAudit(tx, body));
    },
    async sign() {
      const { checkpointer, deliverer } = parts();
      await checkpointer.look();
      await deliverer.look();
    },
    inFile: () => readFileSync(file, "utf8").trimEnd().split("\n").map((line) => readCheckpointLine(line) ?? raise(`not a checkpoint: ${line}`)),
    async tamper(...statements) {
      const owner = new pg.Client({ connectionString: database.ownerUrl });
      await owner.connect();
      await owner.query("ALTER TABLE audit_entry DISABLE TRIGGER ALL");
      for (const sql of statements) await owner.query(sql);
      await owner.query("ALTER TABLE audit_entry ENABLE TRIGGER ALL");
      await owner.end();
    },
    async close() {
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** SQL that chains everything from an entry on anew, over what its text says now: what a forger with the owner's rights would do. */
export function rehashFrom(sequence: number): string {
  return `DO $$ DECLARE r record; p text; b text; BEGIN
    SELECT coalesce((SELECT hash FROM audit_entry WHERE sequence = ${sequence} - 1), repeat('0', 64)) INTO p;
    FOR r IN SELECT * FROM audit_entry WHERE sequence >= ${sequence} ORDER BY sequence LOOP
      b := regexp_replace(r.bytes, '"previous":"[0-9a-f]{64}","sequence":[0-9]+}$', '"previous":"' || p || '","sequence":' || r.sequence || '}');
      p := encode(sha256(convert_to(b, 'UTF8')), 'hex');
      UPDATE audit_entry SET bytes = b, hash = p WHERE sequence = r.sequence;
    END LOOP; END $$`;
}

function raise(message: string): never {
  throw new Error(message);
}
