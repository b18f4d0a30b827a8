import { expect, test } from "vitest";
import { createLab } from "#sandbox/controllers/lab.test-support.ts";
import { asNew } from "#sandbox/controllers/object-keys.ts";

test("events go after an hour, and the oldest when there are very many", () => {
  const { store, clock, stop, errors } = createLab();
  const write = (name: string, agoMs: number) => {
    const at = new Date(clock.now() - agoMs).toISOString();
    store.create("events", asNew({ apiVersion: "v1", kind: "Event", metadata: { name, namespace: "test" }, involvedObject: { kind: "Pod", name: "x", namespace: "test" }, type: "Normal", reason: "Pulled", firstTimestamp: at, lastTimestamp: at }), { manager: "test" });
  };
  const names = () => store.list("events", "test").map((event) => event.metadata.name);
  write("old", 3_590_000);
  write("young", 3_500_000);
  clock.run(25_000);
  expect(names()).toEqual(["young"]);
  for (let index = 0; index < 1_600; index++) write(`many-${index}`, index * 1_000);
  clock.run(25_000);
  expect(names()).toHaveLength(1_500);
  expect(names()).toEqual(expect.arrayContaining(["many-0", "many-1499"]));
  expect(names()).not.toContain("many-1500");
  stop();
  expect(errors).toEqual([]);
});
