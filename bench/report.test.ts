import { expect, test } from "vitest";
import { limited } from "#bench/part.ts";
import { asSection, asTable, mergeResults } from "#bench/report.ts";
import type { PartReport } from "#bench/report.ts";

const machine = { processor: "Abacus, 2 cores", memory: "4 GiB", system: "linux x64", node: "v24.0.0" };
const report = (result: PartReport["result"]): PartReport => ({ name: "memory", title: "Memory", at: new Date("2026-11-21T10:00:00Z"), seconds: 61, loadBefore: 0.25, result });
const two = { figures: [limited("worker", "Worker", 199.6, 200, "MB"), limited("web", "Web", 300, 256, "MB")], notes: ["As it is."] };

test("an aim is met up to its limit, and missed with its reason beyond", () => {
  const section = asSection(report(two), machine, { "memory/web": "Next keeps | every page" });
  expect(section).toContain("| Worker | 200 MB | ≤ 200 MB | met |");
  expect(section).toContain("| Web | 300 MB | ≤ 256 MB | MISSED: Next keeps \\| every page |");
  expect(section).toContain("2026-11-21 10:00 UTC, took 61 s; Abacus, 2 cores, 4 GiB, linux x64, Node v24.0.0, load before it 0.3");
  expect(asTable(report(two), {})).toContain("MISSED: the reason is not known yet");
});

test("a part that failed says so with its error, and shows no figure", () => {
  const section = asSection(report({ failed: "no browser" }), machine, {});
  expect(section).toMatch(/FAILED[\s\S]*no browser/);
  expect(section).not.toContain("|---|");
});

test("a run replaces the sections of its parts and keeps the others, in order", () => {
  const order = ["latency", "memory", "start-up"];
  const first = mergeResults("", new Map([["memory", "## memory\n\nold\n"], ["start-up", "## start-up\n\nkept\n"]]), order);
  const second = mergeResults(first, new Map([["latency", "## latency\n\nfresh\n"], ["memory", "## memory\n\nnew\n"]]), order);
  expect(second.match(/^## .*$/gm)).toEqual(["## latency", "## memory", "## start-up"]);
  expect(second).toContain("kept");
  expect(second).not.toContain("old");
  expect(mergeResults(second, new Map(), order)).toBe(second);
});
