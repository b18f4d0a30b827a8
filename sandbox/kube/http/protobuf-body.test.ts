import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { KubeError } from "#sandbox/kube/errors.ts";
import { parseProtobuf } from "#sandbox/kube/http/protobuf-body.ts";

type Part = [number: number, value: string | number | boolean | Part[]];

/** Hand-made wire bytes: lists are messages, the rest scalars. */
function encode(parts: readonly Part[]): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const [number, value] of parts) {
    if (typeof value === "string") writer.uint32((number << 3) | 2).string(value);
    else if (Array.isArray(value)) writer.uint32((number << 3) | 2).bytes(encode(value));
    else writer.uint32(number << 3).int64(Number(value));
  }
  return writer.finish();
}

function body(apiVersion: string, kind: string, parts: readonly Part[]): Buffer {
  const envelope = protobuf.Writer.create();
  envelope.uint32((1 << 3) | 2).bytes(encode([[1, apiVersion], [2, kind]]));
  envelope.uint32((2 << 3) | 2).bytes(encode(parts));
  return Buffer.concat([Buffer.from("k8s\0"), envelope.finish()]);
}

test("names, zeros, maps, quantities, times and inlined messages come out as JSON has them", () => {
  const container: Part[] = [
    [1, "web"], [2, "x:1"], [5, ""],
    [8, [[1, [[1, "cpu"], [2, [[1, "500m"]]]]]]],
    [10, [[1, [[2, [[1, "/live"], [2, [[1, 1], [2, 0], [3, "http"]]]]]]], [2, 0], [3, 7]]],
  ];
  const parsed = parseProtobuf(body("apps/v1", "Deployment", [
    [1, [[1, "api"], [7, 0], [8, [[1, 1_700_000_000]]], [11, [[1, "app"], [2, "api"]]], [14, "a/x"], [14, "b/x"]]],
    [2, [[1, 0], [3, [[2, [[1, [[1, "data"], [2, [[2, []]]]]], [2, container]]]]], [5, 0], [7, false]]],
  ]));
  expect(parsed).toEqual({
    apiVersion: "apps/v1", kind: "Deployment",
    metadata: { name: "api", creationTimestamp: "2023-11-14T22:13:20Z", labels: { app: "api" }, finalizers: ["a/x", "b/x"] },
    spec: {
      // Zero replicas is a wish; zero minReadySeconds is what Go writes when nothing was said.
      replicas: 0,
      template: { spec: {
        volumes: [{ name: "data", emptyDir: {} }],
        containers: [{ name: "web", image: "x:1", resources: { limits: { cpu: "500m" } }, livenessProbe: { httpGet: { path: "/live", port: "http" }, timeoutSeconds: 7 } }],
      } },
    },
  });
});

test.each([
  ["no magic number", Buffer.from("{}")],
  ["cut short", body("v1", "ConfigMap", [[1, [[1, "name"]]]]).subarray(0, -3)],
  ["an unknown kind", body("v9", "Gadget", [])],
  ["another wire type", body("v1", "ConfigMap", [[1, "not a message \u0007\u0007"]])],
])("%s is a 400", (_what, bytes) => {
  expect(() => parseProtobuf(bytes)).toThrow(KubeError);
});
