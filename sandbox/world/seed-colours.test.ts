import { afterEach, expect, test } from "vitest";
import { createPlatformLab, type PlatformLab } from "#sandbox/world/platform-lab.test-support.ts";
import { colourLabel, servingDeployments } from "#sandbox/world/seed-colours.ts";
import { seedPlatform } from "#sandbox/world/seed.ts";

const namespace = "dreamscape-prod";
const labs: PlatformLab[] = [];
/** A rolling world that is kept and started again with prod in two colours. */
function coloured(): PlatformLab {
  const made = createPlatformLab();
  labs.push(made);
  seedPlatform(made.store, made.catalogue, { now: made.clock.now, blueGreen: ["prod"] });
  made.clock.run(30_000);
  return made;
}
afterEach(() => {
  for (const made of labs.splice(0)) {
    made.stop();
    expect(made.errors).toEqual([]);
  }
});

const deployments = ({ store }: PlatformLab) => store.list("deployments.apps", namespace).map(({ metadata, spec, status }) => [metadata.name, spec.replicas, status?.readyReplicas ?? 0]).toSorted();
/** Pods behind a Service, by its EndpointSlice and by its Endpoints. */
const behind = ({ store }: PlatformLab, service: string): string[][] => [
  store.list("endpointslices.discovery.k8s.io", namespace).filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === service).flatMap((slice) => (slice.endpoints ?? []).map((endpoint: { targetRef: { name: string } }) => endpoint.targetRef.name.split("-").slice(0, 2).join("-"))),
  (store.get("endpoints", namespace, service)?.subsets ?? []).flatMap((subset: { addresses?: { targetRef: { name: string } }[] }) => (subset.addresses ?? []).map((address) => address.targetRef.name.split("-").slice(0, 2).join("-"))),
];

test("a kept rolling world takes on two colours, and its old Deployments are gone", () => {
  const made = coloured();
  expect(deployments(made)).toEqual([["commerce-blue", 2, 2], ["commerce-green", 0, 0], ["core-blue", 2, 2], ["core-green", 0, 0], ["experience-blue", 2, 2], ["experience-green", 0, 0]]);
  expect(behind(made, "core")).toEqual([["core-blue", "core-blue"], ["core-blue", "core-blue"]]);
  expect(behind(made, "core-preview")).toEqual([[], []]);
  expect(made.store.get("horizontalpodautoscalers.autoscaling", namespace, "core")?.spec.scaleTargetRef.name).toBe("core-blue");
  expect(made.store.list("deployments.apps", "dreamscape-staging").map((object) => object.metadata.name).toSorted()).toEqual(["commerce", "core", "experience"]);
});

test("a switched selector takes the endpoints with it at once, and the console follows", () => {
  const made = coloured();
  made.store.modify("deployments.apps", namespace, "core-green", { manager: "test" }, (draft) => {
    draft.spec.replicas = 1;
  });
  made.clock.run(30_000);
  expect(behind(made, "core-preview")).toEqual([["core-green"], ["core-green"]]);
  made.store.modify("services", namespace, "core", { manager: "test" }, (draft) => {
    draft.spec.selector[colourLabel] = "green";
  });
  made.clock.run(100);
  expect(behind(made, "core")).toEqual([["core-green"], ["core-green"]]);
  expect(servingDeployments(made.store, namespace).map(({ name, deployment }) => [name, deployment.metadata.name]).toSorted()).toEqual([["commerce", "commerce-blue"], ["core", "core-green"], ["experience", "experience-blue"]]);
  expect(made.control.view().environments.find((environment) => environment.name === "prod")?.bigPods.map((bigPod) => bigPod.name).toSorted()).toEqual(["commerce", "core", "experience"]);
});

test("seeding again changes nothing; going back to rolling leaves no colour behind", () => {
  const made = coloured();
  const before = made.store.resourceVersion;
  seedPlatform(made.store, made.catalogue, { now: made.clock.now, blueGreen: ["prod"] });
  expect(made.store.resourceVersion).toBe(before);
  seedPlatform(made.store, made.catalogue, { now: made.clock.now });
  made.clock.run(30_000);
  expect(deployments(made)).toEqual([["commerce", 2, 2], ["core", 2, 2], ["experience", 2, 2]]);
  expect(made.store.list("services", namespace).map((service) => [service.metadata.name, service.spec.selector[colourLabel]]).toSorted()).toEqual([["commerce", undefined], ["core", undefined], ["experience", undefined]]);
});
