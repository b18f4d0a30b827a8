import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { informing, limited } from "#bench/part.ts";
import type { Figure, Part } from "#bench/part.ts";
import { signInOnce } from "#bench/sign-in.ts";
import { median, percentile } from "#bench/statistics.ts";
import type { AuditBody } from "#lib/contracts/audit.ts";
import { appendAudit } from "#lib/db/audit.ts";
import { createDatabase, databaseNow } from "#lib/db/client.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { findSession } from "#lib/db/repositories/session.ts";
import { hashOfToken } from "#lib/db/repositories/user.ts";
import { isAllowed } from "#lib/domain/access.ts";

const signIns = 50;
/** As many as one address may in a minute (server.limits.signInsPerMinute, which counts the beginning and the end of each). */
const signInsAtOnce = 25;
const calls = 300;
const writes = 300;
const confirmations = 6;
const warmUp = 10;

/** Times of `count` runs one after another, in ms, after some that do not count. */
async function timed(count: number, run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = -warmUp; index < count; index++) {
    const startedAt = performance.now();
    await run();
    if (index >= 0) times.push(performance.now() - startedAt);
  }
  return times;
}

const words = (times: readonly number[]): string => `${percentile(times, 0.5).toFixed(2)} / ${percentile(times, 0.95).toFixed(2)} ms`;

async function answered(response: Response, status: number): Promise<void> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.url} answered ${response.status}: ${text.slice(0, 300)}`);
}

/** A change like those of services: one row in one transaction, with and without its entry, in turns so that the machine's moods fall on both. */
async function auditShare(db: Database, tokenHash: string): Promise<{ without: number[]; with: number[] }> {
  const entry: AuditBody = { action: "incident.note", outcome: "succeeded", actor: { kind: "system", id: "bench", name: "bench" }, environment: "dev", bigPods: ["core"], operationId: null, summary: "An entry of the bench", reason: "measured", before: { value: 1 }, after: { value: 2 } };
  const change = (tx: Transaction) => tx.$executeRaw`UPDATE session SET seen_at = seen_at WHERE token_hash = ${tokenHash}`;
  const result: { without: number[]; with: number[] } = { without: [], with: [] };
  for (let index = -warmUp; index < writes; index++) {
    for (const audited of index % 2 === 0 ? [true, false] : [false, true]) {
      const startedAt = performance.now();
      await db.$transaction(async (tx) => {
        await change(tx);
        if (audited) await appendAudit(tx, entry);
      });
      if (index >= 0) result[audited ? "with" : "without"].push(performance.now() - startedAt);
    }
  }
  return result;
}

async function confirmTimes(bed: Bed): Promise<{ plan: number[]; confirm: number[] }> {
  const plan: number[] = [];
  const confirm: number[] = [];
  const planned = async () => {
    const startedAt = performance.now();
    const { status, body } = await bed.api.post("plans", { kind: "restart", environment: "dev", bigPods: ["core"] });
    if (status !== 200) throw new Error(`the plan answered ${status}: ${JSON.stringify(body).slice(0, 300)}`);
    return { hash: String(body.hash), tookMs: performance.now() - startedAt };
  };
  for (let index = 0; index < 30; index++) plan.push((await planned()).tookMs);
  for (let index = 0; index < confirmations; index++) {
    const { hash } = await planned();
    const startedAt = performance.now();
    const { status, body } = await bed.api.post("operations", { planHash: hash, reason: "measured" }, { "idempotency-key": randomUUID() });
    if (status !== 202) throw new Error(`the confirmation answered ${status}: ${JSON.stringify(body).slice(0, 300)}`);
    confirm.push(performance.now() - startedAt);
    await bed.api.until(`operations/${body.id}`, (operation) => !["queued", "running", "awaiting", "scheduled"].includes(operation.status), 120_000);
  }
  return { plan, confirm };
}

/** Signing in, and what knowing who it is, whether they may, and writing that down cost each action. */
export const identity: Part = {
  name: "identity",
  title: "Signing in, and what authorisation and audit add to an action",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const db = createDatabase(bed.stack.databaseUrl, { poolSize: 2 });
    scope.add(() => db.$disconnect());
    say(`${signIns} sign-ins…`);
    const totals: number[] = [];
    const portals: number[] = [];
    let cookie = "";
    for (let index = -3; index < signIns; index++) {
      if (index > 0 && index % signInsAtOnce === 0) await sleep(60_000);
      const signed = await signInOnce(bed.url, bed.sandbox.issuer, "demo-ada");
      ({ cookie } = signed);
      if (index < 0) continue;
      totals.push(signed.totalMs);
      portals.push(signed.portalMs);
    }
    say(`${calls} calls of each kind…`);
    const token = decodeURIComponent(/vigie-session=([^;]+)/.exec(cookie)?.[1] ?? "");
    const nothing = await timed(calls, async () => answered(await fetch(`${bed.url}/api/healthz`), 200));
    const refused = await timed(calls, async () => answered(await fetch(`${bed.url}/api/v1/releases`, { headers: { cookie: "vigie-session=nobody" } }), 401));
    const read = await timed(calls, async () => answered(await fetch(`${bed.url}/api/v1/sessions`, { headers: { cookie } }), 200));
    const lookup = await timed(calls, async () => {
      if ((await findSession(db, token, 12, null)) === null) throw new Error("the session is not there");
    });
    const proof = await timed(calls, () => databaseNow(db));
    const rounds = 100_000;
    const rulesAt = performance.now();
    for (let index = 0; index < rounds; index++) isAllowed([{ role: "viewer", environments: ["dev"] }, { role: "releaser", environments: ["prod"] }], "operation.request.rollback", "prod");
    const rulesUs = ((performance.now() - rulesAt) / rounds) * 1000;
    say(`${writes} transactions with an entry and without…`);
    const audit = await auditShare(db, hashOfToken(token));
    say(`30 plans, ${confirmations} confirmations…`);
    const { plan, confirm } = await confirmTimes(bed);
    const auditMs = median(audit.with) - median(audit.without);
    const addedMs = median(lookup) + median(proof) + auditMs;
    const figures: Figure[] = [
      informing("sign-in-p50", "Sign-in, the whole way by HTTP, p50", `${percentile(totals, 0.5).toFixed(0)} ms`),
      limited("sign-in-p95", "Sign-in, the whole way by HTTP, p95", percentile(totals, 0.95), 500, "ms"),
      informing("sign-in-portal", "Of it in the portal, p50 / p95", words(portals)),
      informing("healthz", "A call that asks nobody (/api/healthz), p50 / p95", words(nothing)),
      informing("stranger", "A call whose session is none, refused, p50 / p95", words(refused)),
      informing("read", "A read with a session (/api/v1/sessions): looked up, authorised, listed, p50 / p95", words(read)),
      informing("lookup", "Session looked up in PostgreSQL, p50 / p95", words(lookup)),
      informing("rules", "Whether the role allows it", `${rulesUs.toFixed(2)} µs`),
      informing("proof", "Whether the sign-in is recent, by database time, p50 / p95", words(proof)),
      informing("transaction", "A transaction of one change without an entry, p50 / p95", words(audit.without)),
      informing("audited", "The same with its entry, p50 / p95", words(audit.with)),
      limited("added", "Added to an action by all of it (medians)", addedMs, 20, "ms", 2),
      informing("plan", "POST /api/v1/plans (restart), p50 / p95", words(plan)),
      informing("confirm", "POST /api/v1/operations (its confirmation, with entry), p50 / p95", words(confirm)),
    ];
    return {
      figures,
      notes: [
        `${signIns} sign-ins, one after another: POST to the portal, the provider's three redirects and its form with one button, and back; the provider runs on the same machine. The portal's part holds discovery (kept ten minutes), exchange of the code, signature, userinfo, person, session and entry.`,
        `Parts of an action are timed in a process beside the portal, against its database, ${calls} times each; transactions with and without an entry take turns. “Added” is session + age of the proof + (with entry − without).`,
        `Calls by HTTP with a token or cookie on one connection; their difference to /api/healthz also holds parsing, the reading itself and the answer. ${confirmations} confirmations in dev, each awaited before the next.`,
      ],
    };
  },
};
