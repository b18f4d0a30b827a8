import { describe, expect, test } from "vitest";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { planRequestSchema } from "#lib/contracts/operation.ts";
import { formatPlanLink, parseIncident, parsePlanLink } from "#components/plan/plan-link.ts";

const requests: [string, PlanRequest][] = [
  ["promotion:staging:prod", { kind: "promotion", from: "staging", to: "prod" }],
  ["promotion:staging:prod:core,commerce", { kind: "promotion", from: "staging", to: "prod", bigPods: ["core", "commerce"] }],
  ["rollback:prod:R-212", { kind: "rollback", environment: "prod", release: 212 }],
  ["restart:prod:core", { kind: "restart", environment: "prod", bigPods: ["core"] }],
  ["scale:prod:core:0", { kind: "scale", environment: "prod", bigPod: "core", replicas: 0 }],
  ["drill:prod", { kind: "drill", environment: "prod" }],
  ["isolate:prod:core:network", { kind: "isolate", environment: "prod", bigPod: "core", how: "network" }],
  ["isolate:prod:core:scale-to-zero", { kind: "isolate", environment: "prod", bigPod: "core", how: "scale-to-zero" }],
  ["lift-isolation:prod:core", { kind: "lift-isolation", environment: "prod", bigPod: "core" }],
];

describe("a plan in an address", () => {
  test.each(requests)("%s", (link, request) => {
    expect(formatPlanLink(request)).toBe(link);
    const parsed = parsePlanLink(link);
    expect(parsed).toEqual(request);
    expect(planRequestSchema.safeParse(parsed).success).toBe(true);
  });

  test.each(["", "promotion", "promotion:staging", "promotion:staging:PROD", "promotion:staging:prod:", "rollback:prod:212", "rollback:prod:R-0", "scale:prod:core", "scale:prod:core:-1", "scale:prod:core:3:4", "restart:prod", "erase:prod", "restart:../x:core", "restart:prod:core:x", "isolate:prod:core", "isolate:prod:core:delete", "isolate:prod:core:network:x", "lift-isolation:prod", "lift-isolation:prod:core:network"])(
    "%j is no plan",
    (link) => {
      expect(parsePlanLink(link)).toBeNull();
    },
  );
});

test.each([["12", 12], ["0", null], ["-1", null], ["1x", null], ["", null], [null, null], ["99999999999", null]])("incident %j is %j", (text, number) => {
  expect(parseIncident(text)).toBe(number);
});
