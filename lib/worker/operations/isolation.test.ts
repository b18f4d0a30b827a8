import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { bigPodStateSchema } from "#lib/contracts/state.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { isolationAnnotation, readIsolation } from "#lib/domain/isolation.ts";
import { ClusterError, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { openStage, releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

const namespace = "dreamscape-prod";
let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.startWorker("w1");
});
// A shared machine may take a while to have a fresh world settled.
beforeEach(() => stage.settled("prod"), 90_000);
afterAll(() => stage.stop());

const deployment = (name: string): Promise<ClusterObject> => stage.apiOf("prod").get(kinds.deployments, namespace, name);
const replicas = async (name: string): Promise<unknown> => ((await deployment(name)).spec as { replicas?: number }).replicas;
const policy = (workload: string): Promise<ClusterObject | null> =>
  stage.apiOf("prod").get(kinds.networkPolicies, namespace, `vigie-isolate-${workload}`).catch((error: unknown) => {
    if (error instanceof ClusterError && error.reason === "not-found") return null;
    throw error;
  });
const state = async (bigPod: string): Promise<BigPodState> => bigPodStateSchema.parse((await stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment: "prod", bigPod } } })).state);
const stateWhere = (what: string, bigPod: string, judge: (state: BigPodState) => boolean): Promise<BigPodState> => stage.until(`${bigPod} ${what}`, async () => ((found) => (judge(found) ? found : undefined))(await state(bigPod)));
const run = async (request: Parameters<Stage["plan"]>[0]) => stage.ended(await stage.confirm(await stage.plan(request)));

describe("isolating", { timeout: 240_000 }, () => {
  test("by a NetworkPolicy: evidence first, then nothing in or out; it says so; lifting gives it back", async () => {
    const db = stage.database.db;
    const incident = await db.incidentRow.create({ data: { id: "i-1", environment: "prod", bigPod: "experience", title: "voyage keeps exiting", severity: "critical", status: "open", onsetAt: new Date(), openedAt: new Date(), position: 0n } });
    const before = await deployment("experience");
    const isolated = await run({ kind: "isolate", environment: "prod", bigPod: "experience", how: "network" });
    expect([isolated.status, isolated.note]).toEqual(["succeeded", expect.stringMatching(/experience is isolated: NetworkPolicy vigie-isolate-experience selects its 2 pods and lets nothing in or out/i)]);
    expect(isolated.steps.map((step) => step.name)).toEqual(["check", "evidence", "isolate", "isolated"]);

    const cut = await policy("experience");
    expect(cut?.metadata.annotations?.[operationAnnotation]).toBe(isolated.id);
    const selector = (before.spec as { selector: unknown }).selector;
    expect(cut?.spec).toEqual({ podSelector: selector, policyTypes: ["Ingress", "Egress"] });
    const shown = await stateWhere("says that it is isolated", "experience", ({ status }) => status === "paused");
    expect([shown.causeKind, shown.cause]).toEqual(["isolated", expect.stringMatching(/^isolated by .+ since 2\d{3}-\d\d-\d\d \d\d:\d\d UTC: nothing gets in or out$/)]);
    expect(shown.isolation).toMatchObject({ how: "network", operationId: isolated.id, replicas: 2 });
    expect(shown.replicas.ready).toBe(2);

    const files = await db.incidentEvidenceRow.findMany({ where: { operationId: isolated.id }, orderBy: { name: "asc" } });
    const pods = (await stage.apiOf("prod").list(kinds.pods, { namespace })).items.filter((pod) => pod.metadata.name.startsWith("experience-"));
    for (const pod of pods) expect(files.some((file) => file.kind === "logs" && file.name.startsWith(`logs/${pod.metadata.name}/`) && file.content.length > 0)).toBe(true);
    expect(files.filter((file) => file.kind !== "logs").map((file) => file.name)).toEqual(["events.json", "pods.json", "workload.json"]);
    expect(files.every((file) => file.incidentId === incident.id && file.bytes === Buffer.byteLength(file.content))).toBe(true);
    expect(await db.auditEntryRow.count({ where: { action: "incident.evidence" } })).toBe(1);
    expect(await db.incidentEntryRow.count({ where: { incidentId: incident.id, kind: "evidence" } })).toBe(1);

    const again = await stage.plan({ kind: "isolate", environment: "prod", bigPod: "experience", how: "scale-to-zero" });
    expect([again.start.how, again.gates.find((gate) => gate.name === "something-changes")?.evidence]).toEqual(["refused", expect.stringContaining("experience: isolated by")]);

    const lifted = await run({ kind: "lift-isolation", environment: "prod", bigPod: "experience" });
    expect([lifted.status, lifted.note]).toEqual(["succeeded", "Experience can be reached again: NetworkPolicy vigie-isolate-experience is gone."]);
    expect(await policy("experience")).toBeNull();
    const after = await deployment("experience");
    expect(after.spec).toEqual(before.spec);
    expect(readIsolation(after.metadata.annotations)).toBeNull();
    await stage.settled("prod");
    expect((await state("experience")).isolation).toBeNull();
  });

  test("by scaling to 0: remembers the replicas; neither scaling nor a restart gets around it; lifting restores them", async () => {
    const before = await deployment("commerce");
    const isolated = await run({ kind: "isolate", environment: "prod", bigPod: "commerce", how: "scale-to-zero" });
    expect([isolated.status, isolated.note]).toEqual(["succeeded", "Commerce is isolated: no pod is left."]);
    expect(await replicas("commerce")).toBe(0);
    await stateWhere("is known to be isolated", "commerce", ({ isolation }) => isolation?.how === "scale-to-zero");
    const around: PlanRequest[] = [{ kind: "scale", environment: "prod", bigPod: "commerce", replicas: 3 }, { kind: "restart", environment: "prod", bigPods: ["commerce"] }];
    for (const request of around) {
      const plan = await stage.plan(request);
      expect([plan.start.how, plan.gates.find((gate) => gate.name === "not-isolated")?.verdict]).toEqual(["refused", "fail"]);
    }
    const lifted = await run({ kind: "lift-isolation", environment: "prod", bigPod: "commerce" });
    expect(lifted.status).toBe("succeeded");
    expect((await deployment("commerce")).spec).toEqual(before.spec);
  });

  test("where another NetworkPolicy lets traffic through, or the autoscaler may scale from 0: refused before anything is changed", async () => {
    const holes = await run({ kind: "isolate", environment: "prod", bigPod: "core", how: "network" });
    expect([holes.status, holes.note]).toEqual(["failed", expect.stringMatching(/NetworkPolicy core-ingress also lets traffic of core through.*Nothing was changed/)]);
    expect([await policy("core"), readIsolation((await deployment("core")).metadata.annotations)]).toEqual([null, null]);
    const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/core`;
    const { minReplicas } = (await stage.apiOf("prod").get(kinds.horizontalPodAutoscalers, namespace, "core")).spec as { minReplicas: number };
    await stage.admin("PATCH", path, { spec: { minReplicas: 0 } });
    const fought = await run({ kind: "isolate", environment: "prod", bigPod: "core", how: "scale-to-zero" });
    await stage.admin("PATCH", path, { spec: { minReplicas } });
    expect([fought.status, fought.note]).toEqual(["failed", expect.stringMatching(/HorizontalPodAutoscaler core may scale core from 0.*Nothing was changed/)]);
    expect(await replicas("core")).toBeGreaterThan(0);
  });

  test("somebody who takes the policy away by hand makes a warning of it, never green", async () => {
    await run({ kind: "isolate", environment: "prod", bigPod: "experience", how: "network" });
    await stateWhere("is isolated", "experience", ({ status }) => status === "paused");
    const mark = readIsolation((await deployment("experience")).metadata.annotations);
    await stage.admin("PATCH", `/apis/apps/v1/namespaces/${namespace}/deployments/experience`, { metadata: { annotations: { [isolationAnnotation]: JSON.stringify({ ...mark, since: new Date(Date.now() - 60_000).toISOString() }) } } });
    await stage.admin("DELETE", `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/vigie-isolate-experience`);
    const warned = await stateWhere("is a warning", "experience", ({ status }) => status === "warning");
    expect(warned.cause).toMatch(/but NetworkPolicy vigie-isolate-experience is not in force: it can be reached/);
    const lifted = await run({ kind: "lift-isolation", environment: "prod", bigPod: "experience" });
    expect(lifted.status).toBe("succeeded");
  });

  test("aborted while its pods stop: they are given back", async () => {
    const before = await deployment("commerce");
    const [pod] = (await stage.apiOf("prod").list(kinds.pods, { namespace })).items.filter(({ metadata }) => metadata.name.startsWith("commerce-"));
    const path = `/api/v1/namespaces/${namespace}/pods/${pod?.metadata.name ?? ""}`;
    await stage.admin("PATCH", path, { metadata: { finalizers: ["example.com/hold"] } });
    const id = await stage.confirm(await stage.plan({ kind: "isolate", environment: "prod", bigPod: "commerce", how: "scale-to-zero" }));
    await stage.until("its pods stop", async () => ((await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name: "isolated", status: "running", evidence: { not: [] } } })) ?? undefined));
    await abortOperation(stage.context, releaser, id);
    const aborted = await stage.ended(id);
    await stage.admin("PATCH", path, { metadata: { finalizers: null } });
    expect([aborted.status, aborted.steps.map((step) => step.name)]).toEqual(["aborted", ["check", "evidence", "isolate", "isolated", "return-isolate", "return-lifted"]]);
    const after = await deployment("commerce");
    expect([after.spec, readIsolation(after.metadata.annotations)]).toEqual([before.spec, null]);
    expect(await stage.database.db.incidentEvidenceRow.count({ where: { operationId: id } })).toBeGreaterThan(3);
  });
});
