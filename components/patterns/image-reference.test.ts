import { expect, test } from "vitest";
import { readReference } from "#components/patterns/image-reference.ts";

test.each([
  ["ghcr.io/a/core:v1.5.2@sha256:41e0", { repository: "ghcr.io/a/core", tag: "v1.5.2", digest: "sha256:41e0" }],
  ["127.0.0.1:5000/core", { repository: "127.0.0.1:5000/core", tag: null, digest: null }],
  ["127.0.0.1:5000/core:1@sha256:0", { repository: "127.0.0.1:5000/core", tag: "1", digest: "sha256:0" }],
  ["nginx", { repository: "nginx", tag: null, digest: null }],
])("%s", (reference, expected) => {
  expect(readReference(reference)).toEqual(expected);
});
