import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readCheckpointLine } from "#lib/contracts/checkpoint-line.ts";
import type { SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import { isCheckpointDue, lateness } from "#lib/domain/checkpoint-due.ts";
import { createCheckpointList } from "#lib/domain/checkpoint-list.ts";
import { checkpointLine, createSigner, readPublicKeys } from "#lib/domain/checkpoint.ts";
import { objectName } from "#lib/domain/checkpoint-places.ts";
import { chain, checkpointsOf, newSigner } from "#lib/domain/test-chain.ts";

const signer = newSigner();
const rows = chain(10);
const keys = readPublicKeys(signer.publicKey);

function findingOf(list: readonly (SignedCheckpoint | null)[], origin: string | null = null) {
  const verifier = createCheckpointList(keys, origin);
  return list.map((signed) => verifier.push(signed)).find((finding) => finding !== null) ?? null;
}

describe("a signed checkpoint", () => {
  test("is an Ed25519 signature over the canonical JSON of its four members", () => {
    const [signed] = checkpointsOf(rows, [4], signer);
    expect(signed).toBeDefined();
    const text = `{"head":"${rows[3]?.hash}","origin":"vigie/test","size":4,"time":"2026-01-01T01:00:00.000Z"}`;
    expect(verify(null, Buffer.from(text), createPublicKey(signer.publicKey), Buffer.from(signed?.signature ?? "", "base64"))).toBe(true);
    expect(readCheckpointLine(`${checkpointLine(signed as SignedCheckpoint)}\n`)).toEqual(signed); // defined: judged above
  });

  test("what is no line to the letter is none", () => {
    const line = checkpointLine(checkpointsOf(rows, [4], signer)[0] as SignedCheckpoint); // one size, one checkpoint
    for (const other of ["", "{}", "null", "[]", line.slice(0, -1), line.replace('"size":4', '"size": 4'), line.replace('"size":4', '"size":4.0'), line.replace("{", '{"more":1,'), line.replace('"size":4', '"size":-4')]) expect(readCheckpointLine(other)).toBeNull();
  });

  test("keys of other kinds are refused, and a private key is not taken for a public one", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = { type: "pkcs8", format: "pem" } as const;
    expect(() => createSigner("nonsense")).toThrow(/cannot be read/);
    expect(() => createSigner(rsa.privateKey.export(pem).toString())).toThrow(/kind rsa, not Ed25519/);
    expect(() => readPublicKeys(rsa.publicKey.export({ type: "spki", format: "pem" }).toString())).toThrow(/no Ed25519 public key/);
    expect(() => readPublicKeys(generateKeyPairSync("ed25519").privateKey.export(pem).toString())).toThrow(/private key/);
    expect(() => readPublicKeys("")).toThrow(/no Ed25519 public key/);
    expect(readPublicKeys(signer.publicKey + newSigner().publicKey)).toHaveLength(2);
  });
});

describe("a list of checkpoints", () => {
  const good = checkpointsOf(rows, [0, 3, 3, 7, 10], signer);
  const at = (index: number): SignedCheckpoint => good[index] as SignedCheckpoint; // indices of `good`
  const resigned = (signed: SignedCheckpoint, change: Partial<SignedCheckpoint["checkpoint"]>): SignedCheckpoint => signer.sign({ ...signed.checkpoint, ...change });

  test("is believed as it was made, also where nothing happened in between", () => {
    const list = createCheckpointList(keys, "vigie/test");
    expect(good.map((signed) => list.push(signed))).toEqual([null, null, null, null, null]);
    expect(list.heads.at(7)).toMatchObject({ hash: rows[6]?.hash });
    expect(list.heads.last()).toMatchObject({ sequence: 10 });
  });

  test.each<[string, (SignedCheckpoint | null)[], object]>([
    ["that cannot be read", [at(0), null, at(3)], { line: 2, fault: "unreadable" }],
    ["that was edited", [at(0), { ...at(1), checkpoint: { ...at(1).checkpoint, size: 4 } }], { line: 2, fault: "unsigned" }],
    ["with a signature of another", [{ ...at(0), signature: at(1).signature }], { line: 1, fault: "unsigned" }],
    ["by another key", checkpointsOf(rows, [3], newSigner()), { line: 1, fault: "unsigned" }],
    ["by another key that calls itself ours", checkpointsOf(rows, [3], newSigner()).map((signed) => ({ ...signed, key: signer.keyId })), { line: 1, fault: "unsigned" }],
    ["of another log", [at(0), resigned(at(1), { origin: "vigie/other" })], { line: 2, fault: "foreign" }],
    ["with two heads for one size", [at(1), resigned(at(2), { head: "f".repeat(64) })], { line: 2, fault: "forked" }],
    ["with fewer entries than before", [at(3), resigned(at(1), { time: "2026-02-01T00:00:00.000Z" })], { line: 2, fault: "backwards" }],
    ["older than the one before", [at(4), resigned(at(4), { time: "2025-01-01T00:00:00.000Z" })], { line: 2, fault: "backwards" }],
  ])("names the first %s", (_, list, finding) => {
    expect(findingOf(list)).toMatchObject(finding);
  });

  test("of another log than the one asked for is not taken", () => {
    expect(findingOf(good, "vigie/other")).toMatchObject({ line: 1, fault: "foreign" });
  });
});

describe("when", () => {
  const pace = { everyMinutes: 5, everyEntries: 100 };
  const newest = { size: 50, time: "2026-01-01T00:00:00.000Z" };
  const minutes = (count: number): Date => new Date(Date.parse(newest.time) + count * 60_000);

  test.each([
    ["the first", null, 0, minutes(0), true],
    ["soon after the last", newest, 51, minutes(4.9), false],
    ["after the time, with nothing new", newest, 50, minutes(5), true],
    ["after enough entries", newest, 150, minutes(0.1), true],
    ["before enough entries", newest, 149, minutes(0.1), false],
  ])("%s is due", (_, last, size, now, due) => {
    expect(isCheckpointDue(last, size, now, pace)).toBe(due);
  });

  test("one that is missing or late is told", () => {
    expect(lateness(null, 0, minutes(0), pace)).toBeNull();
    expect(lateness(null, 3, minutes(0), pace)).toMatch(/No checkpoint was ever signed/);
    expect(lateness(newest, 60, minutes(5.9), pace)).toBeNull();
    expect(lateness(newest, 60, minutes(6.1), pace)).toMatch(/6 minutes old, one is due every 5: 10 entries/);
  });
});

test("names of objects sort like the checkpoints, and stay inside their prefix", () => {
  const name = (size: number, origin = "vigie/test") => objectName("audit/", { origin, size, head: "ab".repeat(32), time: "2026-01-01T01:02:03.004Z" });
  expect(name(7)).toBe("audit/vigie/test/000000000007-20260101T010203004Z-abababab.json");
  expect([name(1_000), name(7)].sort()).toEqual([name(7), name(1_000)]);
  expect(name(7, "../../%2e?#")).not.toMatch(/[?#%]/);
});
