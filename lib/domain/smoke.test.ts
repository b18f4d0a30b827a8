import { describe, expect, test } from "vitest";
import { bigPodConfigSchema, smokeCheckConfigSchema } from "#lib/contracts/config.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { judgeSmoke, smokeAsks, smokePlaces, smokeWords } from "#lib/domain/smoke.ts";
import type { SmokeReply } from "#lib/domain/smoke.ts";

const bigPods = [
  bigPodConfigSchema.parse({ name: "core", workload: { name: "core" }, services: [{ name: "auth", process: "auth", port: 3001, healthPath: "/health" }, { name: "user", process: "user", port: 3002 }, { name: "cron", process: "cron" }] }),
  bigPodConfigSchema.parse({ name: "commerce", workload: { name: "commerce" }, services: [{ name: "payment", container: "payment", port: 3004, healthPath: "/ready" }] }),
];
const check = (change: object = {}) => smokeCheckConfigSchema.parse(change);

test.each([
  ["everything that has a health path", {}, ["auth:3001/health", "payment:3004/ready"]],
  ["one Big Pod", { bigPod: "commerce" }, ["payment:3004/ready"]],
  ["a service without a health path needs one here", { bigPod: "core", service: "user" }, []],
  ["a service with another path", { bigPod: "core", service: "user", path: "/ping" }, ["user:3002/ping"]],
  ["a path alone asks every port", { bigPod: "core", path: "/ping" }, ["auth:3001/ping", "user:3002/ping"]],
])("places: %s", (_, change, expected) => expect(smokePlaces(bigPods, check(change)).map((place) => `${place.service}:${place.port}${place.path}`)).toEqual(expected));

const pod = (name: string, ready: boolean, terminating = false) => ({ name, ready, terminating }) as BigPodState["pods"][number];
const seen = (pods: BigPodState["pods"]) => () => ({ seen: true as const, state: { pods } as BigPodState });

test("every ready pod is asked, the others are not", () => {
  const asks = smokeAsks("prod", bigPods, check({ bigPod: "commerce" }), seen([pod("a", true), pod("b", false), pod("c", true, true), pod("d", true)]));
  expect(asks.map((ask) => (ask.kind === "pod" ? ask.pod : ask.kind))).toEqual(["a", "d"]);
});
test.each([
  ["no pod is ready", seen([pod("a", false)]), "fail", /no pod of commerce in prod is ready, so payment cannot be asked/],
  ["it cannot be seen", () => ({ seen: false as const, verdict: "inconclusive" as const, sentence: "no news" }), "inconclusive", /no news/],
])("%s", (_, stateOf, verdict, sentence) => {
  const [ask] = smokeAsks("prod", bigPods, check({ bigPod: "commerce" }), stateOf);
  expect(ask).toMatchObject({ kind: "nothing", verdict, sentence: expect.stringMatching(sentence) });
});

describe("an answer", () => {
  const json = check({ bigPod: "core", service: "auth", jsonPath: '$.checks[0]["auth:process"].ok', equals: true });
  const answered = (status: number, body = "", elapsedMs = 12): SmokeReply => ({ kind: "answered", status, body, elapsedMs });
  test.each([
    ["as it must be", check(), answered(200), "pass", /auth answered 200 in 12 ms/],
    ["another status", check(), answered(500), "fail", /auth answered 500, not 200/],
    ["a redirect is not followed", check(), answered(302), "fail", /302, not 200/],
    ["nobody listens", check(), answered(0, "connection refused"), "fail", /does not answer: connection refused/],
    ["slow", check({ latencyLimitMs: 100 }), answered(200, "", 180.4), "fail", /took 180 ms, the limit is 100 ms/],
    ["no time at all", check(), answered(200, "", NaN), "fail", /took NaN ms/],
    ["may not be asked", check(), { kind: "refused", sentence: "10.0.0.1 is a private address" }, "error", /may not be asked: 10\.0\.0\.1/],
    ["cannot be asked", check(), { kind: "unreachable", sentence: "no route" }, "error", /cannot be asked: no route/],
    ["the value is right", json, answered(200, '{"checks":[{"auth:process":{"ok":true}}]}'), "pass", /is true/],
    ["the value is wrong", json, answered(200, '{"checks":[{"auth:process":{"ok":"true"}}]}'), "fail", /is "true", not true/],
    ["the value is missing", json, answered(200, '{"checks":[]}'), "inconclusive", /there is nothing at \$\.checks\[0\]/],
    ["no JSON", json, answered(200, "<html>"), "fail", /did not answer with JSON/],
  ] as const)("%s", (_, one, reply, verdict, sentence) => {
    const judged = judgeSmoke("auth", one, reply);
    expect(judged.verdict).toBe(verdict);
    expect(judged.sentence).toMatch(sentence);
  });
});

test("the rule on screen names no pods, so it stays the same while they come and go", () => {
  expect(smokeWords(bigPods, check({ bigPod: "core", latencyLimitMs: 800 }))).toBe("GET auth of core :3001/health → 200 within 800 ms");
  expect(smokeWords(bigPods, check({ url: "https://status.example.org/", jsonPath: "$.status", equals: "ok" }))).toBe('GET https://status.example.org/ → 200, $.status = "ok" within 5000 ms');
});
