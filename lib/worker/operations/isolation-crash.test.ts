import { describe, expect, test } from "vitest";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { readIsolation } from "#lib/domain/isolation.ts";
import { ClusterError, kinds } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";
import { died, namespace, workerProcesses } from "#lib/worker/operations/test-worker-processes.ts";

const on = workerProcesses();
const bigPod = "experience";

const deployment = (): Promise<ClusterObject> => on.stage.apiOf("prod").get(kinds.deployments, namespace, bigPod);
const policy = (): Promise<ClusterObject | null> =>
  on.stage.apiOf("prod").get(kinds.networkPolicies, namespace, `vigie-isolate-${bigPod}`).catch((error: unknown) => {
    if (error instanceof ClusterError && error.reason === "not-found") return null;
    throw error;
  });
const confirm = async (request: PlanRequest): Promise<string> => on.stage.confirm(await on.stage.plan(request));
const known = (isolated: boolean) =>
  on.stage.until(`it is ${isolated ? "" : "not "}known as isolated`, async () => {
    const row = await on.stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment: "prod", bigPod } } });
    return ((row.state as { isolation?: unknown }).isolation != null) === isolated ? true : undefined; // written by the observer
  });

async function expectEnded(stage: Stage, id: string): Promise<void> {
  const operation = await stage.ended(id);
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
  expect(operation.steps.map((step) => step.status)).toEqual(operation.steps.map(() => "succeeded"));
}

/**
 * Writes of an isolation by network: mark (1), policy that selects nobody (2), in force (3); it reads the policy in its first look (1), around the writes (2 to 4) and in
 * its last look (5). Of its end: policy gone (1), mark gone (2); read around it (1, 2) and in its last look (3). By scaling there is one write each.
 */
const cases: { how: "network" | "scale-to-zero"; isolate: string; lift: string }[] = [
  { how: "network", isolate: "kill-get:1", lift: "kill-get:1" },
  { how: "network", isolate: "kill-log:1", lift: "kill-before:1" },
  { how: "network", isolate: "kill-after:1", lift: "kill-after:1" },
  { how: "network", isolate: "kill-after:2", lift: "kill-before:2" },
  { how: "network", isolate: "kill-after:3", lift: "kill-after:2" },
  { how: "network", isolate: "kill-get:5", lift: "kill-get:3" },
  { how: "scale-to-zero", isolate: "kill-before:1", lift: "kill-before:1" },
  { how: "scale-to-zero", isolate: "kill-after:1", lift: "kill-after:1" },
];

describe("isolating: a worker that dies", { timeout: 400_000 }, () => {
  test.each(cases)("$how, $isolate and $lift: another goes on, and lifting restores exactly what was there", async ({ how, isolate, lift }) => {
    const first = await on.startChild(`isolate-${how}-${isolate}`, isolate);
    await on.stage.settled("prod");
    const before = await deployment();
    const id = await confirm({ kind: "isolate", environment: "prod", bigPod, how });
    await died(first);
    expect(first.signalCode).toBe("SIGKILL");
    const second = await on.startChild(`isolate-on-${how}-${isolate}`);
    await expectEnded(on.stage, id);
    expect(readIsolation((await deployment()).metadata.annotations)).toMatchObject({ how, operationId: id, replicas: 2 });
    if (how === "network") expect((await policy())?.spec).toEqual({ podSelector: (before.spec as { selector: unknown }).selector, policyTypes: ["Ingress", "Egress"] });
    else expect(((await deployment()).spec as { replicas: number }).replicas).toBe(0);
    const files = await on.stage.database.db.incidentEvidenceRow.findMany({ where: { operationId: id }, select: { name: true } });
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
    expect(files.length).toBeGreaterThan(4);
    await known(true);
    second.kill("SIGKILL");
    await died(second);

    const third = await on.startChild(`lift-${how}-${lift}`, lift);
    const back = await confirmSeen({ kind: "lift-isolation", environment: "prod", bigPod });
    await died(third);
    await on.startChild(`lift-on-${how}-${lift}`);
    await expectEnded(on.stage, back);
    const after = await deployment();
    expect([after.spec, readIsolation(after.metadata.annotations), await policy()]).toEqual([before.spec, null, null]);
    await known(false);
    await on.stage.settled("prod");
  });

  test("frozen before it puts the policy in force, past its lease: what it writes late cuts nobody off", async () => {
    const first = await on.startChild("frozen", "freeze-before:2");
    await on.stage.settled("prod");
    const id = await confirm({ kind: "isolate", environment: "prod", bigPod, how: "network" });
    await on.stage.until("the policy is about to be made", async () => ((await on.stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "isolate", status: "running" } })) ?? undefined));
    await on.startChild("other");
    await expectEnded(on.stage, id);
    await known(true);
    await expectEnded(on.stage, await confirmSeen({ kind: "lift-isolation", environment: "prod", bigPod }));
    first.kill("SIGCONT");
    // It makes its policy now, or finds that it may not: either way nothing selects the pods.
    await on.stage.settled("prod");
    const late = await policy();
    if (late !== null) expect((late.spec as { podSelector: unknown }).podSelector).toEqual({ matchLabels: { "vigie.dev/isolated": "nobody" } });
    expect(readIsolation((await deployment()).metadata.annotations)).toBeNull();
    // And what it left behind is no obstacle.
    await expectEnded(on.stage, await confirm({ kind: "isolate", environment: "prod", bigPod, how: "network" }));
    await known(true);
    await expectEnded(on.stage, await confirmSeen({ kind: "lift-isolation", environment: "prod", bigPod }));
    expect(await policy()).toBeNull();
  });

  /** A plan needs a worker that watches: the one that was started a moment ago may not yet. */
  async function confirmSeen(request: PlanRequest): Promise<string> {
    const plan = await on.stage.until("it can be planned", async () => {
      const made = await on.stage.plan(request);
      return made.start.how === "now" ? made : undefined;
    });
    return on.stage.confirm(plan);
  }
});
