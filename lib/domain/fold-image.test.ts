import { expect, test } from "vitest";
import { parseImage, placeOfRepository } from "#lib/domain/fold-image.ts";

/** Cases of distribution/reference's own rules. */
test.each([
  ["nginx", "docker.io", "library/nginx", true],
  ["dreamscape/core", "docker.io", "dreamscape/core", true],
  ["docker.io/nginx", "docker.io", "library/nginx", false],
  ["index.docker.io/library/nginx", "docker.io", "library/nginx", false],
  ["ghcr.io/a/b", "ghcr.io", "a/b", false],
  ["localhost/a", "localhost", "a", false],
  ["registry:5000/a", "registry:5000", "a", false],
])("%s is %s/%s", (repository, host, path, implied) => {
  expect(placeOfRepository(repository)).toEqual({ host, path, implied });
});

test.each([
  ["nginx", { repository: "nginx", tag: null, digest: null }],
  ["nginx:1.27", { repository: "nginx", tag: "1.27", digest: null }],
  ["registry:5000/a", { repository: "registry:5000/a", tag: null, digest: null }],
  [`ghcr.io/a/b:v1@sha256:${"a".repeat(64)}`, { repository: "ghcr.io/a/b", tag: "v1", digest: `sha256:${"a".repeat(64)}` }],
])("%s is read in its parts", (reference, parts) => {
  expect(parseImage(reference)).toEqual(parts);
});
