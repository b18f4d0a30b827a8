import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixtureState } from "#components/query/fixtures.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { nextPosition } from "#lib/db/publish.ts";
import { writeState } from "#lib/db/repositories/state.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { followLog } from "#lib/services/log/follow.ts";
import { actorWith, createTestContext } from "#lib/services/test-context.ts";

let database: TestDatabase;
let context: ServiceContext;
const asked: { namespace: string; pod: string; options: Parameters<ClusterApi["podLog"]>[2] }[] = [];

/** A cluster of which only logs are asked. */
const cluster = {
  async *podLog(namespace: string, pod: string, options: Parameters<ClusterApi["podLog"]>[2]) {
    asked.push({ namespace, pod, options });
    yield `2026-11-21T14:00:0${options.container === "core" ? 1 : 2}Z first of ${pod}`;
    yield "2026-11-21T14:00:05Z second";
  },
} as unknown as ClusterApi;
const clusterOf = () => Promise.resolve(cluster);
const signal = new AbortController().signal;
const query = { environment: "staging", bigPod: "core", pod: "core-7d9f-x1", container: "core" };

beforeAll(async () => {
  database = await createTestDatabase();
  context = createTestContext(database.db);
  await database.db.$transaction(async (tx) => writeState(tx, fixtureState("staging", "core", "v1"), await nextPosition(tx)));
});
afterAll(() => database.drop());

describe("the log of a pod", () => {
  test("a known pod's log is followed in the environment's own namespace, until the reader leaves", async () => {
    const leaving = new AbortController();
    const lines = [];
    for await (const event of await followLog(context, actorWith("viewer"), clusterOf, query, leaving.signal)) {
      if (event.type !== "lines") continue;
      lines.push(...event.lines.map(({ text }) => text));
      leaving.abort();
    }
    expect(lines).toEqual(["first of core-7d9f-x1", "second"]);
    expect(asked.at(-1)).toEqual({ namespace: "test-staging", pod: "core-7d9f-x1", options: { container: "core", follow: true, previous: false, tailLines: 1000, timestamps: true } });
  });

  test("without a pod all of them are merged", async () => {
    const leaving = new AbortController();
    const events = [];
    for await (const event of await followLog(context, actorWith("viewer"), clusterOf, { environment: "staging", bigPod: "core" }, leaving.signal)) {
      events.push(event);
      if (event.type === "lines") leaving.abort();
    }
    expect(events.filter((event) => event.type === "source")).toEqual([{ type: "source", index: 0, pod: "core-7d9f-x1", container: "core" }, { type: "source", index: 1, pod: "core-7d9f-x2", container: "core" }]);
    expect(events.flatMap((event) => (event.type === "lines" ? event.lines.map(({ source, text }) => [source, text]) : []))).toEqual([[0, "first of core-7d9f-x1"], [1, "first of core-7d9f-x2"], [0, "second"], [1, "second"]]);
  });

  test("the run before the last restart is read to its end, not followed", async () => {
    const events = [];
    for await (const event of await followLog(context, actorWith("viewer"), clusterOf, { ...query, previous: "true" }, signal)) events.push(event.type);
    expect(events.at(-1)).toBe("ended");
    expect(asked.at(-1)?.options).toMatchObject({ follow: false, previous: true });
  });

  test.each([
    ["not-found", { ...query, pod: "vault-0" }],
    ["not-found", { ...query, container: "sidecar" }],
    ["not-found", { ...query, environment: "nowhere" }],
    ["not-found", { ...query, environment: "prod" }],
    ["invalid", { ...query, pod: "../secrets" }],
    ["invalid", { ...query, follow: "forever" }],
    ["invalid", { environment: "staging" }],
  ])("%s for %j, and the cluster is not asked", async (code, bad) => {
    const before = asked.length;
    await expect(followLog(context, actorWith("admin"), clusterOf, bad, signal)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(before);
  });

  test("who may not see the environment is refused, which is an audit entry", async () => {
    await expect(followLog(context, actorWith("viewer", ["dev"]), clusterOf, query, signal)).rejects.toMatchObject({ code: "not-found" });
    const entries = await database.db.auditEntryRow.findMany({ where: { action: "access.denied" } });
    expect(entries).toHaveLength(1);
  });
});
