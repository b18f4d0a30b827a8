import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommandLine } from "#lib/cli/program.ts";
import { checkpointLine } from "#lib/domain/checkpoint.ts";
import { chain, checkpointsOf, exportLine, newSigner } from "#lib/domain/test-chain.ts";

const folder = mkdtempSync(join(tmpdir(), "vigie-cli-audit-"));
const at = (name: string): string => join(folder, name);
const rows = chain(9);
const signer = newSigner();
const signed = checkpointsOf(rows, [3, 9], signer).map(checkpointLine);

beforeAll(() => {
  const files: Record<string, string> = {
    "export.jsonl": `${rows.map(exportLine).join("\n")}\n`, "checkpoints.jsonl": `${signed.join("\n")}\n`, "key.pem": signer.publicKey, "other.pem": newSigner().publicKey,
    "part.jsonl": rows.slice(3).map(exportLine).join("\n"), "binary.jsonl": "\u0000\u0001\n\u0002", "empty.jsonl": "", "edited.jsonl": `${rows.map(exportLine).join("\n").replace("entry 5", "entry \u001b[31mX")}\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  mkdirSync(at("bucket/vigie"), { recursive: true });
  signed.forEach((line, index) => writeFileSync(at(`bucket/vigie/${index}.json`), `${line}\n`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The command line with nothing in its environment: no portal, no token. */
async function vigie(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runCommandLine(words, { environment: {}, stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (err += text) }, signal: new AbortController().signal });
  return { code, out, err };
}
const verify = (file: string, ...more: string[]) => vigie("audit", "verify", "--export", at(file), ...more);
const against = (checkpoints: string, key = "key.pem"): string[] => ["--checkpoints", at(checkpoints), "--public-key", at(key)];

describe("vigie audit verify --export", () => {
  test("proves an export with a file of checkpoints, or a folder as it was copied out of a bucket", async () => {
    for (const checkpoints of ["checkpoints.jsonl", "bucket"]) expect(await verify("export.jsonl", ...against(checkpoints))).toMatchObject({ code: 0, err: "", out: expect.stringContaining("2 checkpoints of vigie/test hold") });
    expect(JSON.parse((await vigie("--json", "audit", "verify", "--export", at("export.jsonl"), ...against("bucket"))).out)).toMatchObject({ valid: true, entries: 9, covered: 9, head: { sequence: 9 }, checkpoints: { checked: 2, origin: "vigie/test", firstBad: null } });
  });

  test("says what is not proven", async () => {
    expect((await verify("export.jsonl")).out).toContain("No checkpoints were given: that the end was not cut off, and that not everything was written anew, is not proven");
    expect((await verify("export.jsonl", ...against("empty.jsonl"))).out).toContain("There is no checkpoint in");
    expect(await verify("part.jsonl", ...against("checkpoints.jsonl"), "--from", "4")).toMatchObject({ code: 0, out: expect.not.stringContaining("not proven") });
    expect((await verify("part.jsonl", "--from", "4")).out).toContain("what stood before it is not proven");
  });

  test.each<[string, string[], number, RegExp]>([
    ["edited.jsonl", against("checkpoints.jsonl"), 1, /^Entry 5 is not what was written \(edited\)/],
    ["part.jsonl", against("checkpoints.jsonl"), 1, /^Entry 1 is not what was written \(deleted\)/],
    ["binary.jsonl", against("checkpoints.jsonl"), 1, /^Entry 1 is not what was written \(edited\). Line 1 of the export/],
    ["empty.jsonl", against("checkpoints.jsonl"), 1, /^Entry 1 is not what was written \(deleted\)/],
    ["export.jsonl", against("binary.jsonl"), 1, /^Checkpoint 1 cannot be believed \(unreadable\)/],
    ["export.jsonl", against("checkpoints.jsonl", "other.pem"), 1, /^Checkpoint 1 cannot be believed \(unsigned\)/],
  ])("%s, %o: ends with 1 and the first that is bad", async (file, more, code, sentence) => {
    const ended = await verify(file, ...more);
    expect([ended.code, ended.out]).toEqual([code, expect.stringMatching(sentence)]);
    expect(ended.out).not.toContain("\u001b");
  });

  test.each<[string[], RegExp]>([
    [["--export", "/nowhere/export.jsonl"], /\/nowhere\/export\.jsonl cannot be used \(there is no such file\)/],
    [["--export", "export.jsonl", "--checkpoints", "checkpoints.jsonl"], /--checkpoints and --public-key belong together/],
    [["--export", "export.jsonl", "--checkpoints", "checkpoints.jsonl", "--public-key", "export.jsonl"], /no Ed25519 public key/],
    [["--checkpoints", "checkpoints.jsonl", "--public-key", "key.pem"], /belong to --export/],
  ])("%o is refused with a sentence", async (words, sentence) => {
    const ended = await vigie("audit", "verify", ...words.map((word) => (/^[a-z]+\.(jsonl|pem)$/.test(word) ? at(word) : word)));
    expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(sentence) });
  });
});

describe("vigie audit key", () => {
  test("makes a key that only its owner can read, once, and prints the public one", async () => {
    const file = at("private.pem");
    const made = await vigie("audit", "key", file);
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/) });
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(made.out + made.err).not.toContain("PRIVATE KEY");
    expect(await vigie("audit", "public-key", "--key", file)).toMatchObject({ code: 0, out: made.out });
    const before = readFileSync(file, "utf8");
    expect(await vigie("audit", "key", file)).toMatchObject({ code: 2, err: expect.stringContaining("a key is never overwritten") });
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(await vigie("audit", "public-key", "--key", at("key.pem"))).toMatchObject({ code: 2, err: expect.stringMatching(/cannot be read|private key/) });
  });
});
