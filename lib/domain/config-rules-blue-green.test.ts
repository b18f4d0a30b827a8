import { expect, test } from "vitest";
import { checkBlueGreen } from "#lib/domain/config-rules-blue-green.ts";
import { configSchema } from "#lib/contracts/config.ts";

function config(bigPods: { name: string; workload: string; blueGreen?: object }[], strategy = "blue-green") {
  return configSchema.parse({
    platform: { name: "Test" },
    environments: [{ name: "prod", cluster: { kubeconfig: "k" }, namespace: "prod", policy: { strategy: { kind: strategy } } }],
    bigPods: bigPods.map(({ workload, ...rest }) => ({ ...rest, workload: { name: workload }, services: [{ name: "app", container: "app" }] })),
    access: { providers: [{ id: "x", kind: "github", title: "GitHub", clientId: "a", clientSecret: "env:X" }], roles: [{ role: "admin", groups: ["a"] }] },
  });
}

test.each([
  ["names made from the workload's", [{ name: "core", workload: "core" }, { name: "shop", workload: "shop" }], []],
  ["both colours one Deployment", [{ name: "core", workload: "core", blueGreen: { blue: "core", green: "core" } }], [{ path: ["bigPods", 0, "blueGreen", "green"], expected: 'another Deployment: "core" is the blue of core' }]],
  ["a Service that is its own preview", [{ name: "core", workload: "core", blueGreen: { previewService: "core" } }], [{ path: ["bigPods", 0, "blueGreen", "previewService"], expected: "another Service than core, which serves" }]],
  ["a colour of another Big Pod", [{ name: "core", workload: "core" }, { name: "shop", workload: "shop", blueGreen: { blue: "core-green" } }], [{ path: ["bigPods", 1, "blueGreen", "blue"], expected: 'another Deployment: "core-green" is the green of core' }]],
])("%s", (_name, bigPods, mistakes) => {
  expect(checkBlueGreen(config(bigPods))).toEqual(mistakes);
});

test("rolling environments name no colours, so nothing is asked of them", () => {
  expect(checkBlueGreen(config([{ name: "a", workload: "x" }, { name: "b", workload: "x" }], "rolling"))).toEqual([]);
});
