import { expect, test } from "vitest";
import type { ActionResult } from "#components/actions/contract.ts";
import { readVerification } from "#components/audit/verify-log.ts";
import type { AuditVerification, AuditVerifyProgress } from "#lib/contracts/api.ts";

const found: AuditVerification = { valid: true, entries: 4000, head: { sequence: 4000, hash: "a".repeat(64) }, firstBad: null };
const failure = { error: { code: "unavailable", message: "Vigie cannot reach its database… try again.", detail: null, reference: "r1" } };
const progress = [{ checked: 0, of: 4000 }, { checked: 2000, of: 4000 }];
const lines = (...values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");

/** The text as an answer whose bytes come `size` at a time: a line, and a letter of it, may come in parts. */
function answer(text: string, size: number, status = 200): Response {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => (at >= bytes.length ? controller.close() : controller.enqueue(bytes.slice(at, (at += size)))) });
  return new Response(body, { status });
}

async function read(response: Response): Promise<{ result: ActionResult<AuditVerification>; told: AuditVerifyProgress[] }> {
  const told: AuditVerifyProgress[] = [];
  return { result: await readVerification(response, (step) => told.push(step)), told };
}

test.each([1, 7, 10_000])("hands progress on and ends with the result, whatever parts it comes in (%i bytes)", async (size) => {
  expect(await read(answer(lines(...progress, found), size))).toEqual({ told: progress, result: { ok: true, value: found } });
});

test("a failure on the way keeps its sentence and reference", async () => {
  expect(await read(answer(lines(...progress, failure), 1))).toEqual({ told: progress, result: { ok: false, error: failure.error } });
});

test("a refusal keeps its sentence", async () => {
  expect(await read(answer(JSON.stringify(failure), 100, 503))).toEqual({ told: [], result: { ok: false, error: failure.error } });
});

test("an answer that is cut off is no verification", async () => {
  expect((await read(answer(lines(...progress), 100))).result).toMatchObject({ ok: false, error: { code: "unavailable", message: expect.stringContaining("not verified") } });
});
