import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommandLine } from "#lib/cli/program.ts";
import { exportAudit } from "#lib/services/audit/export.ts";
import { verifyChain } from "#lib/services/audit/verify.ts";
import { actorWith } from "#lib/services/test-context.ts";
import { openTestLog, rehashFrom } from "#lib/worker/checkpoints/test-log.ts";
import type { TestLogStage } from "#lib/worker/checkpoints/test-log.ts";

let on: TestLogStage;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-offline-"));
  on = await openTestLog();
  await on.append(3);
  await on.append(2, { action: "operation.start", after: { release: 213 }, operationId: "op" });
  await on.sign();
  await on.append(5);
  await on.sign();
  writeFileSync(join(folder, "key.pem"), on.checkpoints.signer.publicKey);
});
afterEach(async () => {
  await on.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command line with neither portal nor token. */
async function vigie(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runCommandLine(words, { environment: {}, stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (err += text) }, signal: new AbortController().signal });
  return { code, out, err };
}

/** Exports the log as it is now, and verifies it with the files that lie outside: what an auditor does. */
async function offline(): Promise<{ code: number; out: string; err: string }> {
  const { lines } = await exportAudit(on.context, actorWith("admin"), {});
  const text: string[] = [];
  for await (const chunk of lines) text.push(chunk);
  writeFileSync(join(folder, "export.jsonl"), text.join(""));
  return vigie("audit", "verify", "--export", join(folder, "export.jsonl"), "--checkpoints", on.file, "--public-key", join(folder, "key.pem"));
}

test("an untouched log holds, in the database and offline", async () => {
  expect(await verifyChain(on.context)).toMatchObject({ valid: true, entries: 10, checkpoints: { checked: 2, firstBad: null } });
  const { code, out } = await offline();
  expect([code, out]).toEqual([0, expect.stringMatching(/^The chain holds: 10 entries, 1 to 10 \([0-9a-f]{64}\)\.\n2 checkpoints of vigie\/testing hold; the newest is of .* and has 10 entries\.\n$/)]);
  // Entries after the newest checkpoint are right, and nobody vouches for them yet: the export itself was one.
  expect((await offline()).out).toContain("Entries 11 to 11 came after it");
});

const column = (name: string): string => `UPDATE audit_entry SET ${name} = 'dev' WHERE sequence = 4`;
const edited = "UPDATE audit_entry SET bytes = replace(bytes, 'something', 'else') WHERE sequence = 4";

describe("ACCEPTANCE 33: with the owner's rights, behind Vigie's back", () => {
  // What is named by the database's verification, and offline, where columns do not go.
  test.each<[string, string[], [number, string], [number, string] | null]>([
    ["an entry was edited", [edited], [4, "edited"], [4, "edited"]],
    ["a column was edited", [column("environment")], [4, "edited"], null],
    ["an entry was edited and hashed anew", [edited, "UPDATE audit_entry SET hash = encode(sha256(convert_to(bytes, 'UTF8')), 'hex') WHERE sequence = 4"], [4, "replaced"], [4, "replaced"]],
    ["an entry was deleted", ["DELETE FROM audit_entry WHERE sequence = 4"], [4, "deleted"], [4, "deleted"]],
    ["an entry was deleted and the rest moved up", ["DELETE FROM audit_entry WHERE sequence = 4", "UPDATE audit_entry SET sequence = sequence - 1 WHERE sequence > 4"], [4, "reordered"], [4, "reordered"]],
    ["two entries were swapped", ["UPDATE audit_entry SET sequence = 100 WHERE sequence = 4", "UPDATE audit_entry SET sequence = 4 WHERE sequence = 5", "UPDATE audit_entry SET sequence = 5 WHERE sequence = 100"], [4, "reordered"], [4, "reordered"]],
    ["an entry was put in", ["UPDATE audit_entry SET sequence = sequence + 1000 WHERE sequence > 4", "UPDATE audit_entry SET sequence = sequence - 999 WHERE sequence > 1000", "INSERT INTO audit_entry SELECT 5, at, action, outcome, actor_kind, actor_id, actor_name, environment, big_pods, operation_id, bytes, hash FROM audit_entry WHERE sequence = 4"], [5, "reordered"], [5, "reordered"]],
    ["the end was cut", ["DELETE FROM audit_entry WHERE sequence > 8"], [9, "deleted"], [9, "deleted"]],
    ["everything was cut", ["DELETE FROM audit_entry"], [1, "deleted"], [1, "deleted"]],
    ["everything was hashed anew", [edited, rehashFrom(1)], [5, "replaced"], [5, "replaced"]],
    ["an entry was taken out and everything hashed anew", ["DELETE FROM audit_entry WHERE sequence = 7", "UPDATE audit_entry SET sequence = sequence - 1 WHERE sequence > 7", rehashFrom(7)], [10, "deleted"], [10, "deleted"]],
    ["an entry after the first checkpoint was edited and everything hashed anew", ["UPDATE audit_entry SET bytes = replace(bytes, 'something', 'else') WHERE sequence = 8", rehashFrom(8)], [10, "replaced"], [10, "replaced"]],
  ])("%s: the first bad entry is named", async (_, statements, online, outside) => {
    await on.tamper(...statements);
    expect(await verifyChain(on.context)).toMatchObject({ valid: false, firstBad: { sequence: online[0], fault: online[1] } });
    const { code, out } = await offline();
    if (outside === null) expect(code).toBe(0);
    else expect([code, out]).toEqual([1, expect.stringMatching(new RegExp(`^Entry ${outside[0]} is not what was written \\(${outside[1]}\\)`))]);
  });

  test.each<[string, string, RegExp]>([
    ["a copy of a checkpoint was edited", "UPDATE audit_checkpoint SET size = 9 WHERE size = 10", /does not carry the signature of what it says/],
    ["a copy was signed with another key", "UPDATE audit_key SET public_key = replace(public_key, 'MCow', 'MCox')", /is signed with the key/],
    ["copies were swapped", "UPDATE audit_checkpoint SET number = 50 - number", /fewer entries than the one before it/],
  ])("%s: the first bad checkpoint is named, and the files outside still prove the log", async (_, sql, evidence) => {
    await on.tamper("ALTER TABLE audit_checkpoint_delivery DROP CONSTRAINT audit_checkpoint_delivery_checkpoint_fkey", sql);
    expect(await verifyChain(on.context)).toMatchObject({ valid: false, checkpoints: { firstBad: { evidence: expect.stringMatching(evidence) } } });
    expect((await offline()).code).toBe(0);
  });

  test("the log and the copies were cut together: only the file outside knows", async () => {
    await on.tamper("DELETE FROM audit_entry WHERE sequence > 5", "DELETE FROM audit_checkpoint_delivery", "DELETE FROM audit_checkpoint WHERE size > 5");
    expect(await verifyChain(on.context)).toMatchObject({ valid: true });
    expect(await offline()).toMatchObject({ code: 1, out: expect.stringMatching(/^Entry \d+ is not what was written \((deleted|replaced)\)/) });
  });
});
