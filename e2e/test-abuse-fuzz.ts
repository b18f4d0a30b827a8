import fc from "fast-check";
import { calledEndpoints } from "#e2e/test-abuse-calls.ts";
import type { AbusePortal, Answer } from "#e2e/test-abuse-portal.ts";

const nasty = ["", "0", "-1", "1e309", "9007199254740993", "99999999999999999999", "null", "__proto__", "constructor", "../../etc/passwd", "..%2f", "' OR 1=1 --", "$where", "<script>alert(1)</script>", "\u202E\u0000", "\uD800", "%", "%00", "prod", "R-1", "2026-02-30T00:00:00Z", "-271821-04-20T00:00:00.000Z", "+275760-09-13T00:00:00.001Z", "(a+)+$", "*".repeat(300), "x".repeat(5_000), "[::1]", "=cmd|' /C calc'!A0"];
const word = fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: "binary", maxLength: 60 }), fc.integer().map(String), fc.double().map(String));
const names = ["environment", "bigPod", "service", "pod", "container", "before", "after", "limit", "from", "to", "at", "status", "action", "actor", "text", "tail", "sinceSeconds", "days", "knownSequence", "knownHash", "over"];
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({ any: fc.oneof({ depthSize: "small" }, word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.array(tie("any"), { maxLength: 4 }), fc.dictionary(fc.oneof(fc.constantFrom("kind", "environment", "bigPods", "planHash", "reason", "replicas", "to", "from", "title", "severity", "number", "role", "name", "version", "alerts", "labels", "__proto__", "then"), fc.string({ maxLength: 8 })), tie("any"), { maxKeys: 6 })) })).any;

export interface FuzzReport {
  asked: number;
  /** What was answered with a 5xx, without a code, or not at all. Each begins with how to ask it again. */
  odd: string[];
}

/**
 * Asks every public input of a running portal at random, by seed: the HTTP API's addresses, queries and bodies, the parameters of its streams, webhooks, server actions and
 * pages. `runs` per kind of input.
 */
export async function fuzzPortal(abuse: AbusePortal, { cookie, token }: { cookie: string; token: string }, { seed, runs }: { seed: number; runs: number }): Promise<FuzzReport> {
  const odd: string[] = [];
  let asked = 0;
  const judge = (how: string, answer: Answer, kind: "api" | "page" | "action"): void => {
    asked += 1;
    const broken = answer.status >= 500 || (kind === "api" && answer.status >= 400 && typeof answer.body?.error?.code !== "string") || answer.body?.error?.code === "internal";
    if (broken) odd.push(`${how} → ${answer.status} ${answer.text.slice(0, 200)}`);
  };
  const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), word), word), { maxLength: 5 }).map((pairs) => pairs.map(([name, text]) => `${encode(name)}=${encode(text)}`).join("&"));
  const headers = { "content-type": "application/json", "idempotency-key": "fuzz" };

  async function each<Value>(arbitrary: fc.Arbitrary<Value>, count: number, ask: (value: Value) => Promise<void>): Promise<void> {
    for (const sample of fc.sample(arbitrary, { seed, numRuns: count })) await ask(sample);
  }

  // Those that end something for good, or answer with a stream of their own, are asked further below, or not with what would be right.
  const endpoints = calledEndpoints.filter(({ id }) => id !== "stream");
  await each(fc.tuple(fc.constantFrom(...endpoints), fc.array(word, { minLength: 2, maxLength: 2 }), query, value), runs * 4, async ([endpoint, parts, text, body]) => {
    let at = 0;
    const path = endpoint.path.replaceAll(/\{\w+\}/g, () => encode(parts[at++ % 2] ?? "x").slice(0, 400) || "x");
    const sent = endpoint.method === "GET" || endpoint.body === null ? {} : { body: JSON.stringify(body) };
    const address = `${path}?${text}`.slice(0, 6_000);
    // A path of dots leads elsewhere, as it should: what is asked then is another address.
    judge(`${endpoint.method} ${address} ${JSON.stringify(sent)}`, await abuse.send(address, { method: endpoint.method, token, headers, ...sent }), "api");
  });
  await each(query, runs, async (text) => {
    judge(`GET /api/logs?${text}`, await abuse.send(`/api/logs?${text}`.slice(0, 6_000), { token }), "api");
  });
  await each(fc.tuple(query, word), runs / 4, async ([text, id]) => {
    // Without a session: a stream that opens does not end by itself.
    judge(`GET /api/stream?${text}`, await abuse.send(`/api/stream?${text}`.slice(0, 6_000), { headers: { "last-event-id": id.replaceAll(/[^\x20-\x7e]/g, "?") } }), "api");
  });
  await each(fc.tuple(fc.constantFrom(...[...abuse.actions.keys()].filter((name) => name !== "signOut" && name !== "createToken")), fc.array(value, { maxLength: 4 })), runs * 2, async ([name, args]) => {
    const answer = await abuse.act(name, args, { cookie });
    judge(`action ${name} ${JSON.stringify(args)}`, answer, "action");
    if (answer.status === 200 && (answer.result === null || answer.result.error?.code === "internal")) odd.push(`action ${name} ${JSON.stringify(args).slice(0, 500)} → ${answer.text.slice(0, 200)}`);
  });
  await each(fc.tuple(fc.constantFrom("/", "/audit", "/releases", "/operations", "/incidents", "/guards", "/settings", "/sign-in"), query), runs, async ([path, text]) => {
    judge(`GET ${path}?${text}`, await abuse.send(`${path}?${text}`.slice(0, 6_000), { cookie }), "page");
  });
  await each(fc.tuple(fc.constantFrom("/audit/", "/releases/", "/operations/", "/incidents/", "/big-pods/prod/", "/api/v1/", "/api/", "/grafana/"), word), runs, async ([path, text]) => {
    const address = `${path}${encode(text)}`.slice(0, 6_000);
    judge(`GET ${address}`, await abuse.send(address, path.startsWith("/api") || path.startsWith("/grafana") ? { token } : { cookie }), "page");
  });
  return { asked, odd };
}

/** As a browser would, and half a surrogate pair, which it cannot, as a replacement. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
