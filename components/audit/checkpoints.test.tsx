import { expect, test } from "vitest";
import { Checkpoints } from "#components/audit/checkpoints.tsx";
import { fixtureNow } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";
import type { CheckpointsState } from "#lib/contracts/checkpoint.ts";

const state: CheckpointsState = {
  origin: "vigie/dreamscape", everyMinutes: 5, everyEntries: 1_000, warnings: [], uncovered: 2,
  newest: { checkpoint: { origin: "vigie/dreamscape", size: 4_711, head: "ab".repeat(32), time: fixtureNow }, key: "0123456789abcdef", signature: `${"A".repeat(86)}==`, ageSeconds: 0 },
  keys: [{ id: "0123456789abcdef", publicKey: "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n", since: fixtureNow }],
  places: [{ name: "r2", kind: "s3", place: "vigie-audit/ at example.org", deliveredSize: 4_711, deliveredAt: fixtureNow, waiting: 0, error: null }],
};

test("all is well: one line, with the details behind it", () => {
  const text = renderText(<Checkpoints state={{ ok: true, value: state }} />);
  expect(text).toMatch(/Signed checkpoint of 4711 entries, .*; 2 since/);
  expect(text).toContain("vigie-audit/ at example.org : delivered up to 4711 entries");
  expect(text).toContain("MCowBQYDK2VwAyEA");
  expect(renderHtml(<Checkpoints state={{ ok: true, value: state }} />)).not.toContain('role="alert"');
});

test("what is wrong stands in words, the worst first, and is announced", () => {
  const warnings: CheckpointsState["warnings"] = [{ kind: "refused", sentence: "Entry 4 has another hash." }, { kind: "undelivered", sentence: "3 checkpoints have not reached r2." }];
  const html = renderHtml(<Checkpoints state={{ ok: true, value: { ...state, newest: null, warnings, places: [{ name: "r2", kind: "s3", place: "bucket", deliveredSize: null, deliveredAt: null, waiting: 3, error: "HTTP 503." }] } }} />);
  expect(html.match(/role="alert"/g)).toHaveLength(2);
  expect(html.indexOf("Entry 4 has another hash")).toBeLessThan(html.indexOf("have not reached r2"));
  expect(html).toContain('data-checkpoints="refused"');
  expect(html).toContain("No signed checkpoint yet");
});

test("not allowed is not empty", () => {
  expect(renderHtml(<Checkpoints state={{ ok: false, kind: "forbidden", message: "You may not read the audit log." }} />)).toContain('data-absence="forbidden"');
});
