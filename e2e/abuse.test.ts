import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { actionCalls, addressOf, bodies, calledEndpoints, viewersMay } from "#e2e/test-abuse-calls.ts";
import type { Foreign } from "#e2e/test-abuse-calls.ts";
import { startAbusePortal } from "#e2e/test-abuse-portal.ts";
import type { AbusePortal, Answer, Sending } from "#e2e/test-abuse-portal.ts";
import { fuzzPortal } from "#e2e/test-abuse-fuzz.ts";
import { root } from "#lib/runtime/home.ts";

let abuse: AbusePortal;
let foreign: Foreign;
let admin: { cookie: string; token: string };
let firstPid: number | undefined;

beforeAll(async () => {
  abuse = await startAbusePortal();
  firstPid = abuse.portal.stack.children.web.process.pid;
  admin = { cookie: await abuse.session("admin"), token: await abuse.token("admin") };
  // The worker has to have seen the pods before anything can be planned; and what moves between plan and confirmation is planned anew.
  let [plan, accepted] = [await plans("prod"), null as Answer | null];
  for (const until = Date.now() + 200_000; accepted?.status !== 202 && Date.now() < until; plan = accepted?.status === 202 ? plan : await plans("prod")) {
    if (plan.status === 200) accepted = await abuse.send("/api/v1/operations", { method: "POST", token: admin.token, headers: { "content-type": "application/json", "idempotency-key": `abuse-${randomUUID()}` }, body: JSON.stringify({ planHash: plan.body?.hash, reason: "for the suite" }) });
    else await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const incident = await abuse.send("/api/v1/incidents", { method: "POST", token: admin.token, headers: { "content-type": "application/json" }, body: JSON.stringify({ environment: "prod", bigPod: null, title: "for the suite", severity: "warning" }) });
  foreign = { planHash: String(plan.body?.hash), operation: String(accepted?.body?.id), incident: Number(incident.body?.number) };
  expect([accepted?.status, accepted?.text.slice(0, 200), incident.status]).toEqual([202, expect.any(String), 201]);
}, 300_000);
afterAll(async () => {
  await abuse?.stop();
}, 60_000);

const plans = (environment: string): Promise<Answer> => abuse.send("/api/v1/plans", { method: "POST", token: admin.token, headers: { "content-type": "application/json" }, body: JSON.stringify({ kind: "restart", environment, bigPods: ["core"] }) });
const asJson = { "content-type": "application/json", "idempotency-key": "abuse-key-2" };
function calling(endpoint: (typeof calledEndpoints)[number], more: Sending): Promise<Answer> {
  const body = bodies(foreign)[endpoint.id];
  return abuse.send(addressOf(endpoint, foreign), { method: endpoint.method, ...more, headers: { ...(body === undefined ? {} : asJson), ...more.headers }, ...(body !== undefined && { body: JSON.stringify(body) }) });
}
const guarded = calledEndpoints.filter(({ access }) => access !== "public");
const coded = (answer: Answer) => expect(answer.body?.error, answer.text.slice(0, 300)).toMatchObject({ code: expect.stringMatching(/^[a-z-]+$/), message: expect.stringMatching(/.{10}/) });
const withoutInside = (text: string) => expect(text).not.toMatch(/\bat .+\(.+:\d+:\d+\)|node_modules|prisma|SELECT |INSERT |\/home\/|\/tmp\/|ECONN|pg_|stack/i);

describe("ACCEPTANCE 38: every action and every route", () => {
  test("is known to this suite: enumerated from the file system and from the build", () => {
    const exported = readdirSync(join(root, "app/_actions")).flatMap((file) => {
      const text = readFileSync(join(root, "app/_actions", file), "utf8");
      return text.startsWith('"use server"') ? [...text.matchAll(/^export async function (\w+)/gm)].map((match) => match[1] ?? "") : [];
    });
    const calls = Object.keys(actionCalls(foreign)).toSorted();
    expect(exported.toSorted()).toEqual(calls);
    expect([...abuse.actions.keys()].toSorted()).toEqual(calls);
    expect(Object.keys(bodies(foreign)).toSorted()).toEqual(calledEndpoints.filter(({ method }) => method !== "GET").map(({ id }) => id).toSorted());
    const routes = readdirSync(join(root, "app"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith("route.ts")).map((file) => `/${file.replace(/\/route\.ts$/, "").replaceAll(/\[(\w+)\]/g, "{$1}")}`);
    const known = new Set([...calledEndpoints.map(({ path }) => path), "/api/logs", "/api/auth/[...nextauth]", "/api/v1/[...path]", "/grafana/[...path]"]);
    expect(routes.filter((route) => !known.has(route))).toEqual([]);
  });

  test("refuses who is not signed in, and writes it down", async () => {
    for (const name of Object.keys(actionCalls(foreign))) {
      for (const cookie of [undefined, "x".repeat(43)]) expect((await abuse.act(name, actionCalls(foreign)[name] ?? [], cookie === undefined ? {} : { cookie })).result, name).toMatchObject({ ok: false, error: { code: "unauthenticated" } });
    }
    for (const endpoint of guarded) {
      for (const more of [{}, { token: `vgt_${"0".repeat(16)}_${"A".repeat(43)}` }, { token: "nonsense" }]) {
        const answer = await calling(endpoint, more);
        expect([endpoint.id, answer.status, answer.body?.error?.code]).toEqual([endpoint.id, 401, "unauthenticated"]);
      }
    }
    for (const path of ["/api/logs?environment=prod&bigPod=core", "/grafana/render/d-solo/x/_?panelId=1", "/api/stream"]) expect((await abuse.send(path)).status, path).toBe(401);
    const denied = await abuse.entries("access.denied");
    expect(denied.some(({ actor, after }) => actor.id === "anonymous" && after?.address === "127.0.0.1")).toBe(true);
    expect((await abuse.entries("token.use-denied")).length).toBeGreaterThan(0);
  });

  test("refuses a role that may not, each time with an entry", async () => {
    const [cookie, token] = [await abuse.session("viewer"), await abuse.token("viewer")];
    const before = (await abuse.entries("access.denied")).length;
    let denied = 0;
    for (const [name, args] of Object.entries(actionCalls(foreign)).filter(([one]) => !viewersMay.includes(one))) {
      const { result } = await abuse.act(name, args, { cookie });
      expect([name, result?.ok, ["denied", "not-found"].includes(result?.error?.code ?? "")]).toEqual([name, false, true]);
      if (result?.error?.code === "denied") denied += 1;
    }
    for (const endpoint of guarded.filter(({ access, id }) => access === "write" && id !== "createPlan")) {
      const answer = await calling(endpoint, { token });
      expect([endpoint.id, [403, 404].includes(answer.status)]).toEqual([endpoint.id, true]);
      if (answer.status === 403) denied += 1;
    }
    expect(denied).toBeGreaterThan(20);
    expect((await abuse.entries("access.denied")).length - before).toBeGreaterThanOrEqual(denied);
  });

  test("shows nothing of an environment that the caller may not see: it does not exist for them", async () => {
    const [cookie, token] = [await abuse.session("admin", "dev"), await abuse.token("admin", ["dev"])];
    for (const [name, args] of Object.entries(actionCalls(foreign)).filter(([one]) => !["signOut", "saveAuditView", "revokeOtherSessions"].includes(one))) {
      const { result } = await abuse.act(name, args, { cookie });
      expect([name, result?.ok, ["denied", "not-found"].includes(result?.error?.code ?? "")]).toEqual([name, false, true]);
    }
    const seen: string[] = [];
    for (const endpoint of guarded.filter(({ id }) => id !== "stream")) {
      const answer = await calling(endpoint, { token });
      if (answer.status < 300) expect([endpoint.id, /"environment":"prod"|dreamscape-prod/.test(answer.text)]).toEqual([endpoint.id, false]);
      else expect([endpoint.id, [403, 404].includes(answer.status), answer.text.slice(0, 200)]).toEqual([endpoint.id, true, expect.any(String)]);
      seen.push(endpoint.id);
    }
    expect(seen.length).toBeGreaterThan(45);
    // The same words for what is there and what is not.
    const words = async (path: string): Promise<unknown> => (await abuse.send(path, { token })).body?.error?.message;
    expect(await words(`/api/v1/operations/${foreign.operation}`)).toBe(await words("/api/v1/operations/none"));
    expect(String(await words("/api/v1/releases?environment=prod")).replace("prod", "X")).toBe(String(await words("/api/v1/releases?environment=nowhere")).replace("nowhere", "X"));
    expect(String(await words(`/api/v1/incidents/${foreign.incident}`)).replace(/\d+/, "N")).toBe(String(await words("/api/v1/incidents/999999")).replace(/\d+/, "N"));
    expect((await abuse.entries("access.denied")).some(({ environment, actor }) => environment === "prod" && actor.name === "admin-dev")).toBe(true);
  });

  test("pages lead who is not signed in to the sign-in, in every variant", async () => {
    const pages = readdirSync(join(root, "app/(portal)"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith("page.tsx")).map((file) => `/${file.replace(/\/?page\.tsx$/, "").replaceAll(/\[\w+\]/g, "1")}`);
    expect(pages.length).toBeGreaterThan(9);
    for (const page of pages) {
      for (const [path, headers] of [[page, {}], [page, { rsc: "1" }], [`${page}?_rsc=abc`, { rsc: "1", "next-router-prefetch": "1" }], [`${page}?_rsc=abc`, { rsc: "1", "next-router-segment-prefetch": "/_tree" }], [`${page === "/" ? "/index" : page}.rsc`, { rsc: "1" }], [page, { purpose: "prefetch", "x-middleware-subrequest": "proxy:proxy:proxy:proxy:proxy" }]] as const) {
        const answer = await abuse.send(path, { headers });
        expect([path, answer.status >= 300 && answer.status < 400 ? String(answer.headers.location).replace(/^https?:\/\/[^/]+/, "").split("?")[0] : answer.status]).toEqual([path, "/sign-in"]);
        expect(answer.text).not.toMatch(/dreamscape-|"position"/);
      }
    }
  });
});

describe("ACCEPTANCE 40: an action that is sent again", () => {
  test("is the same operation, or is refused cleanly", async () => {
    const { body } = await plans("dev");
    const confirm = { planHash: String(body?.hash), reason: "once", idempotencyKey: "abuse-replay-1" };
    const answers = await Promise.all(Array.from({ length: 5 }, () => abuse.act("confirm", [confirm], { cookie: admin.cookie })));
    const again = await abuse.act("confirm", [confirm], { cookie: admin.cookie });
    const ids = [...answers, again].map(({ result }) => (result as { value?: { id: string } } | null)?.value?.id);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/./);
    const stolen = await abuse.act("confirm", [confirm], { cookie: await abuse.session("viewer") });
    expect(stolen.result).toMatchObject({ ok: false });
    expect(await abuse.db.operationRow.count({ where: { environment: "dev", kind: "restart" } })).toBe(1);
  });
});

describe("ACCEPTANCE 41: where a request comes from", () => {
  const evil = "https://evil.example";
  test.each<[string, Record<string, string | null>]>([
    ["no Origin", { origin: null }],
    ["the origin null", { origin: "null" }],
    ["a foreign origin", { origin: evil }],
    ["a foreign origin with X-Forwarded-Host to match", { origin: evil, "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" }],
    ["a foreign origin with Forwarded to match", { origin: evil, forwarded: "host=evil.example;proto=https" }],
    ["no Sec-Fetch-Site", { "sec-fetch-site": null }],
    ["another site by Sec-Fetch-Site", { "sec-fetch-site": "cross-site" }],
    ["a neighbour by Sec-Fetch-Site", { "sec-fetch-site": "same-site" }],
  ])("%s: an action, a call with the session, and a sign-in are refused", async (_, headers) => {
    const before = await abuse.db.incidentRow.count();
    for (const path of ["/", "/audit", "/?_rsc=x", "/settings.rsc"]) {
      const action = await abuse.act("openIncident", actionCalls(foreign).openIncident ?? [], { cookie: admin.cookie, headers, path });
      expect([action.status, action.body?.error?.code]).toEqual([403, "denied"]);
    }
    const own = { origin: abuse.portal.url, "sec-fetch-site": "same-origin" };
    const kept = Object.fromEntries(Object.entries({ ...own, ...headers }).filter((entry): entry is [string, string] => entry[1] !== null));
    for (const path of ["/api/v1/incidents", "/api/webhooks/alertmanager"]) expect((await abuse.send(path, { method: "POST", cookie: admin.cookie, token: admin.token, headers: { ...asJson, ...kept }, body: "{}" })).status).toBe(403);
    expect((await abuse.send("/api/auth/signin/demo", { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", ...kept }, body: "" })).status).toBe(403);
    expect(await abuse.db.incidentRow.count()).toBe(before);
  });

  test("forged addresses are not believed: the audit log has the socket's", async () => {
    await abuse.send("/api/v1/state", { token: "vgt_forged", headers: { "x-forwarded-for": "203.0.113.99", "x-real-ip": "203.0.113.99", "x-vigie-peer": "203.0.113.99" } });
    expect(JSON.stringify(await abuse.entries("token.use-denied"))).not.toContain("203.0.113.99");
    // A proxy on this machine that nobody trusts does not open the metrics, which are for this machine alone.
    expect((await abuse.send("/api/metrics")).status).toBe(200);
    expect((await abuse.send("/api/metrics", { headers: { "x-forwarded-for": "203.0.113.99" } })).status).toBe(401);
  });
});

describe("ACCEPTANCE 42, 45: bodies that are too much", () => {
  const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const rude: [string, string | Buffer][] = [
    ["nothing", ""], ["no JSON", "{"], ["a number", "1"], ["null", "null"], ["too long", JSON.stringify({ reason: "x".repeat(70_000) })], ["far too long", "x".repeat(5_000_000)], ["nested", deep(60)], ["nested a hundred thousand times", deep(30_000)],
    ["a prototype", '{"__proto__":{"admin":true}}'], ["a prototype inside", '{"reason":{"__proto__":{"admin":true}}}'], ["a constructor", '{"constructor":{"prototype":{"admin":true}}}'], ["NUL", '{"reason":"\\u0000"}'], ["half a surrogate", '{"reason":"\\ud800"}'], ["no UTF-8", Buffer.from([0x22, 0xff, 0xfe, 0x22])], ["an enormous number", '{"limit":1e999}'],
  ];

  test.each(rude)("%s: a 4xx with a code from every route that takes a body, and the process lives", async (_, body) => {
    for (const endpoint of calledEndpoints.filter(({ body: schema }) => schema !== null)) {
      for (const chunked of [false, true]) {
        const answer = await abuse.send(addressOf(endpoint, foreign), { method: endpoint.method, token: admin.token, headers: asJson, body, chunked });
        expect([endpoint.id, answer.status >= 400 && answer.status < 500], answer.text.slice(0, 200)).toEqual([endpoint.id, true]);
        coded(answer);
      }
    }
    for (const text of [body.toString(), `[${body.toString()}]`]) {
      const answer = await abuse.act("openIncident", text, { cookie: admin.cookie });
      expect(answer.status === 200 ? answer.result?.ok : answer.status < 500, answer.text.slice(0, 200)).toBe(answer.status !== 200);
    }
    expect((await abuse.send("/api/healthz")).status).toBe(200);
    expect(abuse.portal.stack.children.web.process.pid).toBe(firstPid);
  });

  test.each([["multipart/form-data; boundary=x"], ["application/x-www-form-urlencoded"], ["application/json; charset=utf-16"], [""]])("a body of type %j is refused", async (type) => {
    const body = '--x\r\ncontent-disposition: form-data; name="0"\r\n\r\n["$F1"]\r\n--x--\r\n';
    expect((await abuse.send("/api/v1/plans", { method: "POST", token: admin.token, headers: { "content-type": type }, body })).status).toBe(415);
    expect((await abuse.act("plan", body, { cookie: admin.cookie, headers: { "content-type": type } })).status).toBe(415);
  });

  test("names of JavaScript's own in a query are nothing special", async () => {
    for (const key of ["__proto__", "constructor", "prototype", "toString"]) {
      const answer = await abuse.send(`/api/v1/operations?${key}=1`, { token: admin.token });
      // Next leaves __proto__ out before anybody sees it: then it is as if it had not been sent.
      expect([key, answer.status]).toEqual([key, key === "__proto__" ? expect.toSatisfy((status: number) => status === 400 || status === 200) : 400]);
      expect((await abuse.send(`/?${key}=1`, { cookie: admin.cookie })).status).toBe(200);
    }
  });
});

describe("ACCEPTANCE 50: nobody frames the portal", () => {
  test("every answer says so: pages, errors, refusals, the API, what does not exist", async () => {
    const paths = ["/", "/sign-in", "/audit", "/settings", "/nowhere", "/big-pods/prod/nowhere", "/api/v1/state", "/api/v1/nowhere", "/api/healthz", "/api/openapi.json", "/grafana/render/d-solo/x/_", "/api/auth/nowhere"];
    for (const path of paths) {
      const answer = await abuse.send(path, { cookie: admin.cookie });
      expect([path, answer.headers["x-frame-options"], answer.headers["x-content-type-options"], answer.headers["x-powered-by"], answer.headers["referrer-policy"]]).toEqual([path, "DENY", "nosniff", undefined, "same-origin"]);
      if (String(answer.headers["content-type"]).startsWith("text/html")) expect(answer.headers["content-security-policy"], path).toMatch(/frame-ancestors 'none'/);
    }
    const refused = await abuse.send("/", { method: "POST", cookie: admin.cookie });
    expect([refused.status, refused.headers["x-frame-options"]]).toEqual([403, "DENY"]);
  });

  test("Grafana's frames may run scripts, and nothing else that would reach us", () => {
    const source = readFileSync(join(root, "components/charts/grafana-panel.tsx"), "utf8");
    const frames = [...source.matchAll(/<iframe[\s\S]*?\/?>/g)].map(([tag]) => tag);
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) {
      // Its own origin only where that is not ours: together with scripts it would be no sandbox.
      expect(frame).toContain(`sandbox={foreign ? "allow-scripts allow-same-origin" : "allow-scripts"}`);
      expect(frame).not.toMatch(/allow-(top-navigation|popups-to-escape|modals|downloads|forms)/);
    }
    const others = readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".tsx") && !file.endsWith("grafana-panel.tsx") && existsSync(join(root, "components", file)) && /<(iframe|frame|object|embed)\b/.test(readFileSync(join(root, "components", file), "utf8")));
    expect(others).toEqual([]);
  });
});

describe("whatever is sent", () => {
  test("is answered with a code and never with a 5xx, and what is inside stays inside", async () => {
    const { asked, odd } = await fuzzPortal(abuse, admin, { seed: 20261121, runs: 40 });
    expect(odd).toEqual([]);
    expect(asked).toBeGreaterThan(300);
    expect(abuse.portal.stack.children.web.process.pid).toBe(firstPid);
    expect((await abuse.send("/api/healthz")).status).toBe(200);
  });

  test("errors leak nothing of the inside", async () => {
    for (const path of ["/api/v1/operations/%00", "/api/v1/incidents/..%2f..%2fetc%2fpasswd", "/api/v1/audit?from=0", "/nowhere?x=%ff", "/api/logs?environment=prod&bigPod=core&pod=..%2f..", "/audit?before=NaN", "/releases?environment='%20OR%201=1"]) {
      const answer = await abuse.send(path, { token: path.startsWith("/api") ? admin.token : undefined, cookie: path.startsWith("/api") ? undefined : admin.cookie } as Sending);
      expect([path, answer.status < 500]).toEqual([path, true]);
      if (answer.body !== null) withoutInside(answer.text);
    }
  });
});
