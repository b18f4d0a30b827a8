import { describe, expect, test } from "vitest";
import { chainStart, createChainVerifier, hashOfBytes, notedHead } from "#lib/domain/audit-chain.ts";
import type { ChainFinding, ChainPosition, ChainRow } from "#lib/domain/audit-chain.ts";
import { chain, rowAfter } from "#lib/domain/test-chain.ts";

function verify(rows: readonly ChainRow[], known: ChainPosition | null = null, start = chainStart): ChainFinding | null {
  const verifier = createChainVerifier(start, notedHead(known));
  for (const row of rows) {
    const finding = verifier.push(row);
    if (finding) return finding;
  }
  return verifier.end();
}

function at(rows: readonly ChainRow[], sequence: number): ChainRow {
  const row = rows.find((candidate) => candidate.sequence === sequence);
  if (!row) throw new Error(`no row ${sequence}`);
  return row;
}

describe("the audit chain", () => {
  test("one that nobody touched is right, whole or from any trusted entry", () => {
    const rows = chain(20);
    expect(verify(rows)).toBeNull();
    expect(verify([])).toBeNull();
    expect(verify(rows.slice(7), null, { sequence: 7, hash: at(rows, 7).hash })).toBeNull();
  });

  test.each([
    ["its text", (row: ChainRow) => ({ ...row, bytes: row.bytes.replace("entry 5", "entry X") }), "edited"],
    ["its hash", (row: ChainRow) => ({ ...row, hash: "f".repeat(64) }), "edited"],
    ["a column only", (row: ChainRow) => ({ ...row, actorName: "Mallory" }), "edited"],
    ["its time column", (row: ChainRow) => ({ ...row, at: new Date(0) }), "edited"],
    ["its Big Pods column", (row: ChainRow) => ({ ...row, bigPods: [] }), "edited"],
  ])("names the entry of which somebody changed %s", (_, change, fault) => {
    const rows = chain(9).map((row) => (row.sequence === 5 ? change(row) : row));
    expect(verify(rows)).toMatchObject({ sequence: 5, fault });
  });

  test("names an entry that was changed and hashed anew by what was chained to it", () => {
    const rows = chain(9).map((row) => (row.sequence === 5 ? rowAfter(at(chain(9), 4).hash, 5, "another story") : row));
    expect(verify(rows)).toMatchObject({ sequence: 5, fault: "replaced" });
  });

  test("a column is held against the entry's own text, not against the same words inside its values", () => {
    const words = { bigPods: ["web"], environment: "dev", operationId: null, outcome: "allowed", reason: null, summary: "x" };
    const row = rowAfter(chainStart.hash, 1, 'quoted "reason":null,"summary":"x"}', { a: 1, ...words });
    expect(verify([row])).toBeNull();
    expect(verify([{ ...row, bigPods: ["web"], environment: "dev" }])).toMatchObject({ sequence: 1, fault: "edited", evidence: expect.stringContaining("environment") });
  });

  test("names the first that is missing", () => {
    expect(verify(chain(9).filter((row) => row.sequence !== 5))).toMatchObject({ sequence: 5, fault: "deleted" });
    expect(verify(chain(9).slice(3))).toMatchObject({ sequence: 1, fault: "deleted" });
  });

  test("names the first place where entries were swapped, or moved up to hide a gap", () => {
    const rows = chain(9);
    const swapped = rows.map((row) => (row.sequence === 4 ? { ...at(rows, 5), sequence: 4 } : row.sequence === 5 ? { ...at(rows, 4), sequence: 5 } : row));
    expect(verify(swapped)).toMatchObject({ sequence: 4, fault: "reordered" });
    const closedUp = rows.filter((row) => row.sequence !== 4).map((row, index) => ({ ...row, sequence: index + 1 }));
    expect(verify(closedUp)).toMatchObject({ sequence: 4, fault: "reordered" });
  });

  test("names an entry that was put in", () => {
    const rows = chain(9);
    const junk = rows.map((row) => (row.sequence === 5 ? rowAfter("a".repeat(64), 5) : row));
    expect(verify(junk)).toMatchObject({ sequence: 5, fault: "inserted" });
    expect(verify(rows.map((row) => (row.sequence === 5 ? { ...row, bytes: "{}", hash: hashOfBytes("{}") } : row)))).toMatchObject({ sequence: 5, fault: "inserted" });
    expect(verify([...rows.slice(0, 4), at(rows, 4), ...rows.slice(4)])).toMatchObject({ sequence: 4, fault: "inserted" });
  });

  test("a cut end and a chain hashed anew are seen against a noted position, and only then", () => {
    const rows = chain(9);
    const noted = { sequence: 8, hash: at(rows, 8).hash };
    expect(verify(rows, noted)).toBeNull();
    expect(verify(rows.slice(0, 6))).toBeNull();
    expect(verify(rows.slice(0, 6), noted)).toMatchObject({ sequence: 7, fault: "deleted" });
    const forged = rows.slice(0, 3);
    for (let sequence = 4; sequence <= 9; sequence++) forged.push(rowAfter(at(forged, sequence - 1).hash, sequence, "forged"));
    expect(verify(forged)).toBeNull();
    expect(verify(forged, noted)).toMatchObject({ sequence: 8, fault: "replaced" });
  });
});
