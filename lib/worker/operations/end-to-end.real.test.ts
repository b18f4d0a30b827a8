import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { kinds } from "#lib/ports/cluster.ts";
import { openRealWorld } from "#lib/worker/operations/test-real-world.ts";
import type { RealWorld } from "#lib/worker/operations/test-real-world.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

/** Operations against a real kube-apiserver: VIGIE_REAL_KUBECONFIG names its kubeconfig, with the right to do everything. Its nodes fail images whose tag contains "broken". */
const kubeconfig = process.env.VIGIE_REAL_KUBECONFIG;

if (kubeconfig === undefined) {
  describe("operations, real API server (not run: VIGIE_REAL_KUBECONFIG is not set)", () => {
    test.skip("promote, broken release, automatic return, rollback", () => undefined);
  });
} else {
  describe("operations, real API server", { timeout: 400_000 }, () => {
    let world: RealWorld;
    let stage: Stage;
    beforeAll(async () => {
      world = await openRealWorld(kubeconfig);
      stage = await openStage({ world });
      await stage.startWorker("w1");
    });
    afterAll(() => stage.stop());

    test("promote, broken release, automatic return, rollback with its ConfigMap", async () => {
      const prod = () => stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
      await stage.settled("staging");
      await stage.settled("prod");
      const first = await prod();

      const promotion = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" })));
      expect([promotion.status, promotion.note]).toEqual(["succeeded", expect.anything()]);
      expect(await stage.images("prod")).toMatchObject({ experience: { app: world.image("v2.3.0").reference }, commerce: { app: world.image("v2.2.0").reference } });
      await stage.settled("prod");
      const second = await prod();
      expect(second.number).not.toBe(first.number);

      const row = { environment_bigPod: { environment: "staging", bigPod: "experience" } };
      const staging = (await stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: row })).state as unknown as BigPodState;
      const broken = world.image("v2.4.0-broken");
      await stage.database.db.bigPodStateRow.update({ where: row, data: { state: asJson({ ...staging, images: [{ container: "app", repository: broken.reference.split(":")[0], ...broken }] }) } });
      const returned = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" })));
      expect([returned.status, returned.note]).toEqual(["returned", expect.stringMatching(/exit|restart|crash/i)]);
      expect(await stage.images("prod")).toMatchObject({ experience: { app: world.image("v2.3.0").reference } });

      const api = stage.apiOf("prod");
      await api.patch(kinds.configMaps, world.namespace("prod"), "experience-config", "merge", { data: { LOG_LEVEL: "trace" } });
      await stage.until("the edit is recorded", async () => ((await prod()).contentHash === second.contentHash ? undefined : true));
      await stage.settled("prod");
      const rollback = await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: first.number })));
      expect([rollback.status, rollback.note]).toEqual(["succeeded", expect.anything()]);
      expect(await stage.images("prod")).toMatchObject({ experience: { app: world.image("v2.2.1").reference } });
      expect((await api.get(kinds.configMaps, world.namespace("prod"), "experience-config")).data).toEqual({ LOG_LEVEL: "info" });
    });
  });
}
