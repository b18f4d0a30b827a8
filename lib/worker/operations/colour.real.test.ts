import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kinds } from "#lib/ports/cluster.ts";
import { openRealWorld } from "#lib/worker/operations/test-real-world.ts";
import type { RealWorld } from "#lib/worker/operations/test-real-world.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

/** Blue-green against a real kube-apiserver with its own controllers: VIGIE_REAL_KUBECONFIG names its kubeconfig, with the right to do everything. */
const kubeconfig = process.env.VIGIE_REAL_KUBECONFIG;

if (kubeconfig === undefined) {
  describe("blue-green, real API server (not run: VIGIE_REAL_KUBECONFIG is not set)", () => {
    test.skip("promote, switch back, a selector edited by hand", () => undefined);
  });
} else {
  describe("blue-green, real API server", { timeout: 400_000 }, () => {
    let world: RealWorld;
    let stage: Stage;
    beforeAll(async () => {
      world = await openRealWorld(kubeconfig, { blueGreen: true });
      stage = await openStage({ world });
      await stage.startWorker("w1");
    });
    afterAll(() => stage.stop());

    const colourOf = async (service: string): Promise<string | undefined> => ((await stage.apiOf("prod").get(kinds.services, world.namespace("prod"), service)).spec as { selector: Record<string, string> }).selector["vigie.dev/colour"];
    const scaled = async (): Promise<string> => ((await stage.apiOf("prod").get(kinds.horizontalPodAutoscalersV1, world.namespace("prod"), "experience")).spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name;
    const release = async () => (await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).number;

    test("promote to the idle colour, back with one switch, and a selector edited by hand", async () => {
      await stage.settled("staging");
      await stage.settled("prod");
      const first = await release();

      const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
      const promotion = await stage.ended(await stage.confirm(plan));
      expect([promotion.status, promotion.note]).toEqual(["succeeded", expect.stringContaining("Service experience leads to 2 pods of experience-green and to no other")]);
      expect([await colourOf("experience"), await colourOf("experience-preview"), await colourOf("commerce"), await scaled()]).toEqual(["green", "blue", "blue", "experience-green"]);
      await stage.settled("prod");
      expect(await stage.images("prod")).toMatchObject({ experience: { app: world.image("v2.3.0").reference } });

      const back = await stage.plan({ kind: "rollback", environment: "prod", release: first });
      expect(back.changes.map((change) => change.effect)).toEqual(["switch", "unchanged"]);
      const begunAt = performance.now();
      const rollback = await stage.ended(await stage.confirm(back));
      expect([rollback.status, rollback.note]).toEqual(["succeeded", expect.anything()]);
      expect(performance.now() - begunAt).toBeLessThan(10_000);
      expect([await colourOf("experience"), await scaled()]).toEqual(["blue", "experience-blue"]);
      await stage.settled("prod");
      expect(await release()).toBe(first);

      await stage.admin("PATCH", `/api/v1/namespaces/${world.namespace("prod")}/services/experience?fieldManager=kubectl-edit`, { spec: { selector: { "vigie.dev/colour": "green" } } });
      const refused = await stage.until("it is seen", async () => {
        const again = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
        return again.gates.find((gate) => gate.name === "service-selector" && gate.verdict === "fail");
      });
      expect(refused.evidence).toContain("the selector of Service experience was changed by kubectl-edit, not through Vigie");
    });
  });
}
