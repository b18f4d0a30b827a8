import { afterAll, beforeAll, describe } from "vitest";
import { registryContract } from "#sandbox/registry/contract.ts";
import { findDockerRegistry, pushBuild, startDockerRegistry } from "#sandbox/registry/docker-registry.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

describe("the sandbox", () => {
  const catalogue = createCatalogue({ now: () => Date.parse("2026-11-21T08:00:00Z") });
  let registry: Awaited<ReturnType<typeof startRegistry>>;
  beforeAll(async () => {
    registry = await startRegistry({ catalogue, port: 0, host: "127.0.0.1" });
  });
  afterAll(() => registry.stop());

  registryContract("sandbox", () => ({
    baseUrl: registry.url,
    pushFixture: async (build) => {
      catalogue.add(build);
    },
  }));
});

const binary = findDockerRegistry();
describe.skipIf(binary === undefined)(`Debian's docker-registry${binary === undefined ? " (not run: docker-registry is not on the PATH; apt-get install docker-registry)" : ""}`, () => {
  let registry: Awaited<ReturnType<typeof startDockerRegistry>>;
  beforeAll(async () => {
    registry = await startDockerRegistry(binary ?? "");
  });
  afterAll(() => registry.stop());

  registryContract("docker-registry", () => ({ baseUrl: registry.url, pushFixture: (build) => pushBuild(registry.url, build) }));
});
