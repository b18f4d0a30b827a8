import { expect, it } from "vitest";
import { fillGoldenQuery } from "#lib/domain/golden-query.ts";

const names = { environment: "prod", namespace: "shop-prod", bigPod: "experience", services: [], rangeSeconds: 240 };

it("fills in names and the range", () => {
  expect(fillGoldenQuery('sum(increase(r{e="$environment",namespace="$namespace",bigpod="$bigPod",service=~"$service"}[$range]))', names)).toBe('sum(increase(r{e="prod",namespace="shop-prod",bigpod="experience",service=~".*"}[240s]))');
});

it("takes services literally, whatever their names", () => {
  expect(fillGoldenQuery('x{service=~"$service"}', { ...names, services: ["voyage", 'a.b"} or vector(1) #'] })).toBe('x{service=~"voyage|a\\\\.b\\"\\\\} or vector\\\\(1\\\\) #"}');
});

it("leaves what it does not know, and never fills in twice", () => {
  expect(fillGoldenQuery('label_replace(x{a="$namespace"}, "b", "$1", "c", "$ranges")', { ...names, namespace: "$bigPod" })).toBe('label_replace(x{a="$bigPod"}, "b", "$1", "c", "$ranges")');
});
