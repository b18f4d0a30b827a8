import { describe, expect, test } from "vitest";
import { imagesPresent, neededPlatforms } from "#lib/domain/gate-images.ts";
import type { ImageQuestion } from "#lib/domain/gate-images.ts";

const at = new Date("2026-11-21T08:00:00Z");
const affinity = (...terms: object[]) => ({ spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } } } });
const arch = (...values: string[]) => ({ matchExpressions: [{ key: "kubernetes.io/arch", operator: "In", values }] });

describe("neededPlatforms, best knowledge first", () => {
  test.each([
    ["the node selector", { spec: { nodeSelector: { "kubernetes.io/arch": "amd64" } } }, { kind: "found", platforms: ["linux/arm64"] } as const, ["linux/amd64"]],
    ["required affinity", affinity(arch("arm64", "amd64")), null, ["linux/arm64", "linux/amd64"]],
    ["affinity with an alternative that does not say", affinity(arch("arm64"), { matchExpressions: [] }), { kind: "found", platforms: ["linux/s390x"] } as const, ["linux/s390x"]],
    ["the image that runs", { spec: {} }, { kind: "found", platforms: ["linux/arm64", "linux/amd64", "windows/amd64"] } as const, ["linux/arm64", "linux/amd64"]],
    ["nothing tells", null, { kind: "missing" } as const, ["linux/arm64"]],
  ])("%s", (_name, template, running, expected) => {
    expect(neededPlatforms(template, running).platforms).toEqual(expected);
  });
});

describe("imagesPresent", () => {
  const question = (answer: ImageQuestion["answer"], platforms = ["linux/arm64"]): ImageQuestion => ({ bigPod: "a", reference: "r/a:1@sha256:x", platforms, platformsFrom: "the default", answer });
  test.each([
    ["found", [question({ kind: "found", platforms: ["linux/arm64"] })], "pass"],
    ["found as a variant", [question({ kind: "found", platforms: ["linux/arm64/v9"] })], "pass"],
    ["another platform", [question({ kind: "found", platforms: ["linux/amd64"] })], "fail"],
    ["a prefix is no platform", [question({ kind: "found", platforms: ["linux/arm"] })], "fail"],
    ["missing", [question({ kind: "missing" })], "fail"],
    ["unasked", [question({ kind: "unasked", sentence: "timeout" })], "error"],
    ["one missing and one unasked: fail", [question({ kind: "unasked", sentence: "timeout" }), question({ kind: "missing" })], "fail"],
  ] as const)("%s", (_name, questions, verdict) => {
    expect(imagesPresent(questions, at).verdict).toBe(verdict);
  });

  test("an image without registry is looked for where Kubernetes would pull it from, and the sentence says so", () => {
    const bare = { ...question({ kind: "missing" }), reference: "nginx:1.27@sha256:x" };
    expect(imagesPresent([bare], at).evidence).toBe("nginx:1.27@sha256:x (a) is not in the registry (it names no registry, so docker.io/library/nginx is meant: if that is wrong, write the registry's host before it in the workload): push it again, or promote another release");
    expect(imagesPresent([{ ...bare, answer: { kind: "unasked", sentence: "timeout" } }], at)).toMatchObject({ verdict: "error", evidence: expect.stringContaining("docker.io/library/nginx is meant") });
  });
});
