import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Operation } from "#lib/contracts/operation.ts";
import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { interfering, prod, recordSelectors, replicasOf, scaledBy, selected } from "#lib/worker/operations/test-colours.ts";
import type { Interference } from "#lib/worker/operations/test-colours.ts";
import { openStage } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
/** What happens around the worker's writes in the test that runs. */
const hooks: Interference = {};
beforeAll(async () => {
  stage = await openStage({ blueGreen: ["prod"] });
  const apis = new Map<string, ClusterApi>();
  for (const { name } of stage.context.config.environments) apis.set(name, interfering(stage.apiOf(name), hooks));
  await stage.startWorker("w1", { apiOf: (environment) => apis.get(environment) ?? stage.apiOf(environment) });
});
afterAll(() => stage.stop());
beforeEach(async () => {
  // What an earlier test returned may be promoted again.
  await stage.database.db.quarantineRow.deleteMany();
  await stage.settled("staging");
  await stage.settled("prod");
});
afterEach(() => {
  delete hooks.before;
  delete hooks.after;
});

const returned = (operation: Operation) => operation.steps.filter((step) => step.name.startsWith("return-")).map((step) => [step.name, step.bigPod, step.status]);
const promote = async () => stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["core", "experience"] })));
/** Does something at the n-th write to an object. */
const at = (plural: string, name: string, act: () => Promise<unknown>): NonNullable<Interference["before"]> => {
  let done = false;
  return async (write) => {
    if (done || write.plural !== plural || write.name !== name) return;
    done = true;
    await act();
  };
};
const kubectl = (service: string, colour: string) => stage.admin("PATCH", `/api/v1/namespaces/${prod}/services/${service}?fieldManager=kubectl-edit`, { spec: { selector: { "vigie.dev/colour": colour } } });

test("an abort after both switches: the Services go back before anything that they led to is taken away", { timeout: 240_000 }, async () => {
  const before = await stage.images("prod");
  const selectors = await recordSelectors(stage);
  hooks.after = at("services", "experience", async () => {
    await stage.database.db.operationRow.updateMany({ where: { status: "running" }, data: { abortRequestedAt: new Date(), abortRequestedBy: "Rafael" } });
    // The worker hears of it when it renews its lease.
    for (let renewals = 0; renewals < 2; renewals += 1) {
      const lease = async () => (await stage.database.db.operationRow.findFirstOrThrow({ where: { status: "running" } })).leaseExpiresAt?.getTime();
      const before = await lease();
      await stage.until("the lease is renewed", async () => ((await lease()) === before ? undefined : true));
    }
  });
  const operation = await promote();
  await selectors.stop();
  expect([operation.status, operation.note]).toEqual(["aborted", "Aborted by Rafael; what was changed is back as it was."]);
  expect(returned(operation)).toEqual([["return-switch", "experience", "succeeded"], ["return-switch", "core", "succeeded"], ["return-raise", "experience", "succeeded"], ["return-raise", "core", "succeeded"]]);
  expect([selectors.of("core"), selectors.of("experience")]).toEqual([["blue", "green", "blue"], ["blue", "green", "blue"]]);
  expect([await selected(stage, "core-preview"), await scaledBy(stage, "core"), await replicasOf(stage, "core-blue"), await replicasOf(stage, "core-green")]).toEqual(["green", "core-blue", 2, 0]);
  await stage.settled("prod");
  expect(await stage.images("prod")).toEqual(before);
});

test("a service that fails after the switch: back to the colour that was well", { timeout: 240_000 }, async () => {
  const selectors = await recordSelectors(stage);
  hooks.after = at("services", "experience", () => stage.console("faults/crash", { environment: "prod", bigPod: "experience", process: "panorama", lasting: true }));
  const operation = await promote();
  await selectors.stop();
  expect([operation.status, operation.note]).toEqual(["returned", expect.stringContaining("anorama in experience-green-")]);
  expect([selectors.of("core"), selectors.of("experience")]).toEqual([["blue", "green", "blue"], ["blue", "green", "blue"]]);
  expect(await replicasOf(stage, "experience-blue")).toBe(2);
});

test("a hand that switches in the same moment: its switch is neither claimed nor undone, and what serves is not taken away", { timeout: 240_000 }, async () => {
  hooks.before = at("services", "core", () => kubectl("core", "green"));
  const operation = await promote();
  expect([operation.status, operation.note]).toEqual(["failed", expect.stringContaining("Service core is left as it is: it was switched to green by somebody else meanwhile (last written by kubectl-edit)")]);
  expect(returned(operation)).toEqual([["return-switch", "core", "failed"], ["return-raise", "experience", "succeeded"], ["return-raise", "core", "failed"]]);
  expect([await selected(stage, "core"), await selected(stage, "experience"), await replicasOf(stage, "core-green"), await replicasOf(stage, "core-blue")]).toEqual(["green", "blue", 2, 2]);
  // The hand puts it back: everything as before, but for core-green, which still has its pods.
  await kubectl("core", "blue");
  await kubectl("core-preview", "green");
  await stage.admin("PATCH", `/apis/autoscaling/v2/namespaces/${prod}/horizontalpodautoscalers/core`, { spec: { scaleTargetRef: { name: "core-blue" } } });
  for (const service of ["core", "core-preview"]) await stage.admin("PATCH", `/api/v1/namespaces/${prod}/services/${service}`, { metadata: { annotations: { "vigie.dev/selector": null } } });
  await stage.settled("prod");
});

test("an autoscaler that takes the idle colour's pods away: nothing is switched", { timeout: 240_000 }, async () => {
  const selectors = await recordSelectors(stage);
  hooks.after = at("deployments", "experience-green", () => stage.admin("PATCH", `/apis/apps/v1/namespaces/${prod}/deployments/experience-green/scale?fieldManager=kube-controller-manager`, { spec: { replicas: 1 } }));
  const operation = await promote();
  await selectors.stop();
  expect([operation.status, operation.note]).toEqual(["returned", expect.stringContaining("xperience-green was scaled from 2 to 1 by somebody else (kube-controller-manager)")]);
  expect(selectors.of("core")).toEqual(["blue"]);
  expect(await replicasOf(stage, "experience-green")).toBe(0);
});

test("the idle Deployment is deleted on the way: nothing is switched, and the outcome says what is missing", { timeout: 240_000 }, async () => {
  const { spec } = await stage.apiOf("prod").get(kinds.deployments, prod, "experience-green");
  const selectors = await recordSelectors(stage);
  hooks.after = at("deployments", "experience-green", () => stage.admin("DELETE", `/apis/apps/v1/namespaces/${prod}/deployments/experience-green`));
  const operation = await promote();
  await selectors.stop();
  expect([operation.status, operation.note]).toEqual(["failed", expect.stringContaining("Deployment experience-green in dreamscape-prod was deleted")]);
  expect([selectors.of("core"), selectors.of("experience")]).toEqual([["blue"], ["blue"]]);
  await stage.admin("POST", `/apis/apps/v1/namespaces/${prod}/deployments`, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "experience-green", namespace: prod }, spec });
});

test("the preview Service itself does not answer, although its pods say that they are well: nothing is switched", { timeout: 240_000 }, async () => {
  const selectors = await recordSelectors(stage);
  await stage.console("faults/api-server", { failPaths: ["/services/experience-preview.*/proxy/"], failStatus: 500 });
  const operation = await promote();
  await stage.console("put-right", {});
  await selectors.stop();
  expect([operation.status, operation.note]).toEqual(["returned", expect.stringMatching(/experience-preview/)]);
  expect([selectors.of("core"), selectors.of("experience")]).toEqual([["blue"], ["blue"]]);
});

test("without the right to ask a Service its pods are asked, and that is said", { timeout: 240_000 }, async () => {
  const { number } = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  await stage.console("faults/api-server", { failPaths: ["/services/.*/proxy/"], failStatus: 403 });
  const operation = await promote();
  await stage.console("put-right", {});
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
  expect(operation.steps.find((step) => step.name === "preview" && step.bigPod === "core")?.evidence.at(-1)?.text).toMatch(/every service up; Service core-preview itself could not be asked \(/);
  await stage.settled("prod");
  const back = await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: number })));
  expect(back.steps.find((step) => step.name === "preview" && step.bigPod === "core")?.evidence.at(-1)?.text).toContain("asked through it, nginx, auth, user answer well");
});

test("somebody who edits the Service at the same time loses nothing: it is read again and switched once", { timeout: 240_000 }, async () => {
  const selectors = await recordSelectors(stage);
  hooks.before = at("services", "core", () => stage.admin("PATCH", `/api/v1/namespaces/${prod}/services/core`, { metadata: { labels: { team: "core" } } }));
  const operation = await promote();
  await selectors.stop();
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
  expect(selectors.of("core")).toEqual(["blue", "green"]);
  expect((await stage.apiOf("prod").get(kinds.services, prod, "core")).metadata.labels).toMatchObject({ team: "core" });
});
