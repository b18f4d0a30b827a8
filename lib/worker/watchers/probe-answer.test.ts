import { describe, expect, it } from "vitest";
import { readHealthAnswer, readServiceReply } from "#lib/worker/watchers/probe-answer.ts";

const components = (body: unknown) => Object.fromEntries(readHealthAnswer(JSON.stringify(body))?.components ?? []);

describe("health answers", () => {
  it("reads one check per process, with the supervisor's words", () => {
    expect(
      components({
        status: "fail",
        checks: {
          "voyage:process": [{ componentType: "process", status: "pass", observedValue: "RUNNING" }],
          "ai:process": [{ status: "warn", observedValue: "BACKOFF", output: "exited with code 1 twice" }],
          "panorama:process": [{ status: "fail", observedValue: "FATAL", output: "exited with code 1: cannot reach the tile server\n" }],
          "late:process": [{ status: "warn", observedValue: "STARTING" }],
          "odd:process": [{ status: "purple" }],
        },
      }),
    ).toEqual({
      voyage: { status: "up", detail: null },
      ai: { status: "degraded", detail: "exited with code 1 twice" },
      panorama: { status: "down", detail: "FATAL: exited with code 1: cannot reach the tile server" },
      late: { status: "starting", detail: "its supervisor says STARTING" },
      odd: { status: "unknown", detail: 'its health check says "purple"' },
    });
  });

  it.each([
    ["ok", "up"], ["UP", "up"], ["pass", "up"], ["Healthy", "up"], [true, "up"],
    ["warn", "degraded"], ["degraded", "degraded"],
    ["error", "down"], ["DOWN", "down"], ["fail", "down"], [false, "down"],
  ])("understands the status %s as %s", (word, status) => {
    expect(readHealthAnswer(JSON.stringify({ status: word }))?.status).toBe(status);
  });

  it("takes the worst of several readings of one component, in any of the shapes that occur", () => {
    expect(components({ status: "pass", checks: { "db:responseTime": { status: "pass" }, "db:connections": [{ status: "pass" }, { status: "warn", output: "pool is full" }] } })).toEqual({ db: { status: "degraded", detail: "pool is full" } });
    expect(components({ status: "UP", components: { db: { status: "UP" }, disk: { status: "DOWN" } } })).toEqual({ db: { status: "up", detail: null }, disk: { status: "down", detail: null } });
  });

  it.each(["", "<html>", "[]", "null", "42", '{"message":"hello"}', '{"checks":{}}', '{"status":["pass"]}'])("is none: %s", (body) => expect(readHealthAnswer(body)).toBeNull());

  it("survives hostile keys and keeps foreign text to one plain line", () => {
    const answer = readHealthAnswer('{"status":"fail","checks":{"__proto__:process":[{"status":"fail"}],"x:process":[{"status":"fail","output":"\\u001b[31mred\\u0000\\nline"}]}}');
    expect(answer?.components.get("x")).toEqual({ status: "down", detail: "[31mred line" });
    expect(({} as Record<string, unknown>)["status"]).toBeUndefined();
    const long = readHealthAnswer(JSON.stringify({ status: "fail", output: "y".repeat(5_000) }));
    expect(long?.output?.length).toBe(301);
  });
});

describe("a service's own answer", () => {
  it.each([
    [200, '{"status":"pass"}', "up", null],
    [204, "", "up", null],
    [302, "", "up", null],
    [200, "<html>hello", "up", null],
    [200, '{"status":"warn","output":"cache is cold"}', "degraded", "cache is cold"],
    [200, '{"status":"fail"}', "down", "says that it is down"],
    [503, '{"status":"fail","checks":{"db:connections":[{"status":"fail","output":"refused"}]}}', "down", "answers HTTP 503 on :3003/health: db: refused"],
    [500, "oops", "down", "answers HTTP 500 on :3003/health"],
    [429, "", "degraded", "answers HTTP 429 on :3003/health: too many requests"],
    [404, "", "unknown", "answers HTTP 404 on :3003/health; check healthPath in the configuration"],
    [0, "dial tcp 10.42.0.7:3003: connect: connection refused", "down", "nothing listens on port 3003"],
  ])("HTTP %i %s is %s", (httpStatus, body, status, detail) => {
    expect(readServiceReply(httpStatus, body, 3003, "/health")).toEqual({ status, detail });
  });
});
