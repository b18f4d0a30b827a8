import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCheckpointLine } from "#lib/contracts/checkpoint-line.ts";
import { hashOfBytes } from "#lib/domain/audit-chain.ts";
import type { ChainRow } from "#lib/domain/audit-chain.ts";
import { createOfflineVerifier } from "#lib/domain/audit-offline.ts";
import { createCheckpointList } from "#lib/domain/checkpoint-list.ts";
import { checkpointLine, readPublicKeys } from "#lib/domain/checkpoint.ts";
import { chain, checkpointsOf, exportLine, newSigner, rowAfter } from "#lib/domain/test-chain.ts";

const signer = newSigner();
const keys = readPublicKeys(signer.publicKey);

/** What `vigie audit verify` does with the lines of two files. */
function verify(lines: readonly string[], checkpoints: readonly string[], first?: number) {
  const list = createCheckpointList(keys);
  const checkpointBad = checkpoints.map((line) => list.push(readCheckpointLine(line))).find((finding) => finding !== null) ?? null;
  const verifier = createOfflineVerifier(list, first);
  for (const line of lines) if (verifier.push(line) !== null) break;
  const result = verifier.end();
  return { ...result, checkpointBad, believed: result.valid && checkpointBad === null };
}

const signatureBytes = (line: string) => Buffer.from(/"signature":"([^"]+)"/.exec(line)?.[1] ?? "", "base64");

const rows = chain(12);
const lines = rows.map(exportLine);
const signed = checkpointsOf(rows, [4, 8, 8, 12], signer).map(checkpointLine);
const row = (sequence: number): ChainRow => rows[sequence - 1] as ChainRow; // sequences of `rows`

/** Everything from this entry on written anew, as somebody would who owns the database. */
function forged(from: number, upTo = rows.length): string[] {
  const kept = rows.slice(0, from - 1);
  for (let sequence = from; sequence <= upTo; sequence++) kept.push(rowAfter(kept.at(-1)?.hash ?? "0".repeat(64), sequence, "forged"));
  return kept.map(exportLine);
}

describe("an export", () => {
  test("that nobody touched is right, with its checkpoints and without", () => {
    expect(verify(lines, signed)).toMatchObject({ believed: true, entries: 12, from: 1, anchored: true, covered: 12, head: { sequence: 12, hash: row(12).hash } });
    expect(verify(lines, [])).toMatchObject({ believed: true, covered: 0 });
    expect(verify([], [])).toMatchObject({ believed: true, entries: 0, from: null });
    expect(verify(lines, signed.slice(0, 2))).toMatchObject({ believed: true, covered: 8 });
  });

  test("of a part is right from where a checkpoint stands; elsewhere it says that nothing stands before it", () => {
    expect(verify(lines.slice(4), signed, 5)).toMatchObject({ believed: true, from: 5, anchored: true });
    expect(verify(lines.slice(5), signed, 6)).toMatchObject({ believed: true, from: 6, anchored: false });
    expect(verify(lines.slice(5), signed, 5)).toMatchObject({ believed: false, firstBad: { sequence: 5, fault: "deleted" } });
    expect(verify([exportLine(rowAfter("a".repeat(64), 5)), ...lines.slice(5)], signed, 5)).toMatchObject({ believed: false });
  });

  test.each<[string, string[], object]>([
    ["edited", lines.map((line, index) => (index === 4 ? line.replace("entry 5", "entry X") : line)), { sequence: 5, fault: "edited" }],
    ["edited and hashed anew", lines.map((line, index) => (index === 4 ? exportLine(rowAfter(row(4).hash, 5, "X")) : line)), { sequence: 5, fault: "replaced" }],
    ["deleted", lines.filter((_, index) => index !== 4), { sequence: 5, fault: "deleted" }],
    ["reordered", [...lines.slice(0, 4), lines[5] ?? "", lines[4] ?? "", ...lines.slice(6)], { sequence: 5, fault: "deleted" }],
    ["inserted", [...lines.slice(0, 5), lines[4] ?? "", ...lines.slice(5)], { sequence: 5, fault: "inserted" }],
    ["cut at its beginning", lines.slice(4), { sequence: 1, fault: "deleted" }],
    ["cut at its end", lines.slice(0, 10), { sequence: 11, fault: "deleted" }],
    ["cut to nothing", [], { sequence: 1, fault: "deleted" }],
    ["written anew as a whole", forged(1), { sequence: 4, fault: "replaced" }],
    ["written anew from the middle", forged(6), { sequence: 8, fault: "replaced" }],
    ["written anew at its end", forged(12), { sequence: 12, fault: "replaced" }],
    ["written anew and shortened", forged(9, 11), { sequence: 12, fault: "deleted" }],
    ["spoilt in a line", lines.map((line, index) => (index === 4 ? line.slice(0, 40) : line)), { sequence: 5, fault: "edited" }],
  ])("ACCEPTANCE 33: offline, the first bad entry is named when it was %s", (_, tampered, finding) => {
    expect(verify(tampered, signed)).toMatchObject({ believed: false, firstBad: finding });
  });

  test("half a surrogate pair is not taken for the replacement character that it is hashed as", () => {
    const odd = chain(3, undefined, () => "odd \ufffd text");
    const tampered = odd.map((one) => ({ ...one, bytes: one.sequence === 2 ? one.bytes.replace("\ufffd", "\ud800") : one.bytes }));
    expect(hashOfBytes(tampered[1]?.bytes ?? "")).toBe(odd[1]?.hash);
    expect(verify(odd.map(exportLine), []).believed).toBe(true);
    expect(verify(tampered.map(exportLine), [])).toMatchObject({ believed: false, firstBad: { sequence: 2, fault: "edited" } });
  });
});

describe("whatever is done to the files", () => {
  const texts = fc.string({ unit: fc.oneof(fc.string({ minLength: 1, maxLength: 1 }), fc.constantFrom("é", "😀", "\ufffd", "\u2028", "\n", '"', "\\")), maxLength: 20 });
  const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const logs = fc.array(texts, { minLength: 1, maxLength: 12 }).map((summaries) => chain(summaries.length, undefined, (sequence) => summaries[sequence - 1] ?? ""));

  test("there is never a false alarm", () => {
    fc.assert(
      fc.property(logs, fc.array(fc.nat(), { maxLength: 5 }), (log, at) => {
        const sizes = at.map((size) => size % (log.length + 1)).sort((a, b) => a - b);
        expect(verify(log.map(exportLine), checkpointsOf(log, sizes, signer).map(checkpointLine))).toMatchObject({ believed: true, entries: log.length });
      }),
      { numRuns: 100 },
    );
  });

  test("ACCEPTANCE 33: what was tampered with is always found, at or before the entry it was done to", () => {
    const deeds = fc.record({ deed: fc.constantFrom("edit", "delete", "swap", "insert", "cut", "rehash", "hash", "sequence"), at: fc.nat(), text: texts });
    fc.assert(
      fc.property(logs, deeds, (log, { deed, at, text }) => {
        const index = at % log.length;
        const victim = log[index] as ChainRow; // an index of the log
        const entries = log.map(exportLine);
        const changed = ((): string[] => {
          switch (deed) {
            case "edit":
              return entries.with(index, exportLine({ ...victim, bytes: victim.bytes.slice(0, at % victim.bytes.length) + text + victim.bytes.slice((at % victim.bytes.length) + 1) }));
            case "delete":
              return entries.toSpliced(index, 1);
            case "swap":
              return entries.with(index, entries.at(-1) ?? "").with(entries.length - 1, entries[index] ?? "");
            case "insert":
              return entries.toSpliced(index, 0, exportLine(rowAfter(log[index - 1]?.hash ?? "0".repeat(64), index + 1, text)));
            case "cut":
              return entries.slice(0, index);
            case "rehash": {
              const anew = log.slice(0, index);
              for (let sequence = index + 1; sequence <= log.length; sequence++) anew.push(rowAfter(anew.at(-1)?.hash ?? "0".repeat(64), sequence, `${text}!`));
              return anew.map(exportLine);
            }
            case "hash":
              return entries.with(index, exportLine({ ...victim, hash: hashOfBytes(text) }));
            default:
              return entries.with(index, exportLine({ ...victim, sequence: victim.sequence + 1 + (at % 5) }));
          }
        })();
        fc.pre(JSON.stringify(changed) !== JSON.stringify(entries));
        const found = verify(changed, checkpointsOf(log, [log.length], signer).map(checkpointLine));
        expect(found.believed).toBe(false);
        expect(found.firstBad).not.toBeNull();
        // Only a checkpoint sees a chain that was hashed anew: then the entry it signed is named.
        if (deed !== "rehash" && deed !== "insert") expect(found.firstBad?.sequence).toBeLessThanOrEqual(index + 1);
      }),
      { numRuns: 250 },
    );
  });

  test("a checkpoint in which anything was changed is not believed", () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), fc.string({ minLength: 1, maxLength: 3 }), (line, at, text) => {
        const before = signed[line] ?? "";
        const place = at % before.length;
        const after = before.slice(0, place) + text + before.slice(place + text.length);
        fc.pre(after.trim() !== before);
        expect(verify(lines, signed.with(line, after))).toMatchObject({ believed: false, checkpointBad: { line: line + 1 } });
      }),
      { numRuns: 200 },
    );
  });

  test("nor one whose signature is written otherwise, though it decodes to the same bytes", () => {
    const before = signed[0] ?? "";
    const end = before.indexOf('=="') - 1;
    const same = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"]
      .map((letter) => before.slice(0, end) + letter + before.slice(end + 1))
      .filter((line) => line !== before && signatureBytes(line).equals(signatureBytes(before)));
    expect(same).toHaveLength(15);
    for (const line of same) expect(verify(lines, signed.with(0, line))).toMatchObject({ believed: false, checkpointBad: { line: 1, fault: "unreadable" } });
  });

  test("garbage is refused and crashes nothing", () => {
    const odd = fc.constantFrom<unknown>(null, -1, 0, 1, 1.5, 2 ** 53, "", "x", [], {}, true, undefined);
    const garbage = fc.oneof(fc.string({ unit: anyUnit, maxLength: 60 }), fc.json({ maxDepth: 1 }), fc.record({ sequence: odd, hash: odd, bytes: odd }).map((value) => JSON.stringify(value)));
    fc.assert(
      fc.property(fc.array(garbage, { minLength: 1, maxLength: 5 }), fc.array(garbage, { maxLength: 3 }), (entries, checkpoints) => {
        expect(verify(entries, checkpoints).believed).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
