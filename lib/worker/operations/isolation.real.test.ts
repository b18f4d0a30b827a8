import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readIsolation } from "#lib/domain/isolation.ts";
import { ClusterError, kinds } from "#lib/ports/cluster.ts";
import { openRealWorld } from "#lib/worker/operations/test-real-world.ts";
import type { RealWorld } from "#lib/worker/operations/test-real-world.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

/** Isolating against a real kube-apiserver: VIGIE_REAL_KUBECONFIG names its kubeconfig, with the right to do everything. Nothing is cut there: it has no network. */
const kubeconfig = process.env.VIGIE_REAL_KUBECONFIG;

if (kubeconfig === undefined) {
  describe("isolating, real API server (not run: VIGIE_REAL_KUBECONFIG is not set)", () => {
    test.skip("both ways, and lifted again", () => undefined);
  });
} else {
  describe("isolating, real API server", { timeout: 400_000 }, () => {
    let world: RealWorld;
    let stage: Stage;
    beforeAll(async () => {
      world = await openRealWorld(kubeconfig);
      stage = await openStage({ world });
      await stage.startWorker("w1");
    }, 120_000);
    afterAll(() => stage?.stop());

    test.each(["network", "scale-to-zero"] as const)("%s: evidence, mark and effect, and lifting restores the spec", async (how) => {
      const api = stage.apiOf("prod");
      const namespace = world.namespace("prod");
      const deployment = () => api.get(kinds.deployments, namespace, "experience");
      const policy = () => api.get(kinds.networkPolicies, namespace, "vigie-isolate-experience").catch((error: unknown) => (error instanceof ClusterError && error.reason === "not-found" ? null : Promise.reject(error)));
      await stage.settled("prod");
      const before = await deployment();
      const isolated = await stage.ended(await stage.confirm(await stage.plan({ kind: "isolate", environment: "prod", bigPod: "experience", how })));
      expect([isolated.status, isolated.note]).toEqual(["succeeded", expect.stringContaining("Experience is isolated")]);
      expect(readIsolation((await deployment()).metadata.annotations)).toMatchObject({ how, operationId: isolated.id, replicas: 2 });
      if (how === "network") expect((await policy())?.spec).toEqual({ podSelector: { matchLabels: { app: "experience" } }, policyTypes: ["Ingress", "Egress"] });
      else expect((await deployment()).spec).toMatchObject({ replicas: 0 });
      expect(await stage.database.db.incidentEvidenceRow.count({ where: { operationId: isolated.id, kind: "logs" } })).toBeGreaterThanOrEqual(2);
      const lift = await stage.until("it is known to be isolated", async () => {
        const plan = await stage.plan({ kind: "lift-isolation", environment: "prod", bigPod: "experience" });
        return plan.start.how === "now" ? plan : undefined;
      });
      const lifted = await stage.ended(await stage.confirm(lift));
      expect([lifted.status, lifted.note]).toEqual(["succeeded", expect.anything()]);
      const after = await deployment();
      expect([after.spec, readIsolation(after.metadata.annotations), await policy()]).toEqual([before.spec, null, null]);
      await stage.settled("prod");
    });
  });
}
