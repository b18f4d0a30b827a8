import { beforeAll, describe, expect, it } from "vitest";
import { registryClient, type RegistryClient } from "#sandbox/registry/contract-client.ts";
import { errorCodes, fixtureBuilds, readManifest, type Unsealed } from "#sandbox/registry/contract-documents.ts";
import { renderImage, sha256 } from "#sandbox/registry/image-documents.ts";
import { dockerList, dockerManifest, ociIndex, ociManifest } from "#sandbox/registry/media-types.ts";

export interface RegistryUnderTest {
  baseUrl: string;
  /** Brings the build's documents into the registry, moving the tag when it is there already. */
  pushFixture(build: Unsealed): Promise<void>;
}

const everything = [ociIndex, dockerList, ociManifest, dockerManifest].join(", ");
const absentDigest = `sha256:${"0".repeat(64)}`;

/**
 * What Vigie relies on in a registry. Runs against the sandbox and against real servers; `target` is asked once, when the suite begins.
 * Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export function registryContract(describeName: string, target: () => RegistryUnderTest): void {
  describe(`registry contract: ${describeName}`, () => {
    const { first, second, docker } = fixtureBuilds();
    let under: RegistryUnderTest;
    let client: RegistryClient;

    beforeAll(async () => {
      under = target();
      client = registryClient(under.baseUrl);
      for (const build of [first, second, docker]) await under.pushFixture(build);
    });

    it("says that it speaks version 2, or how to authenticate", async () => {
      const response = await fetch(`${under.baseUrl}/v2/`);
      expect([200, 401]).toContain(response.status);
      expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
      if (response.status === 401) expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="http.+",service=".+"/);
      expect((await client.request("/v2/")).status).toBe(200);
    });

    it("serves an index by tag, whose digest is the hash of its bytes", async () => {
      const { digest, body } = await readManifest(await client.request("/v2/contract/app/manifests/v1.0.0", { accept: everything }));
      expect(digest).toBe(renderImage(first).index.digest);
      expect(body.mediaType).toBe(ociIndex);
    });

    it("serves the same bytes by digest", async () => {
      const { digest } = renderImage(first).index;
      const { bytes } = await readManifest(await client.request(`/v2/contract/app/manifests/${digest}`, { accept: everything }));
      expect(bytes.equals(renderImage(first).index.bytes)).toBe(true);
    });

    it("answers HEAD with the headers of GET and no body", async () => {
      const response = await client.request("/v2/contract/app/manifests/v1.0.0", { method: "HEAD", accept: everything });
      const { index } = renderImage(first);
      expect(response.status).toBe(200);
      expect(response.headers.get("docker-content-digest")).toBe(index.digest);
      expect(response.headers.get("content-type")).toBe(ociIndex);
      expect(response.headers.get("content-length")).toBe(String(index.bytes.length));
      expect((await response.arrayBuffer()).byteLength).toBe(0);
    });

    it("keeps an OCI index from clients that do not accept one", async () => {
      const response = await client.request("/v2/contract/app/manifests/v1.0.0", { accept: `${dockerManifest}, ${dockerList}` });
      expect(response.status).toBe(404);
      expect(await errorCodes(response)).toEqual(["MANIFEST_UNKNOWN"]);
    });

    it("serves a Docker list to those who accept it, and the linux/amd64 image to those who do not", async () => {
      const list = await readManifest(await client.request("/v2/contract/nginx/manifests/1.0", { accept: everything }));
      expect(list.body.mediaType).toBe(dockerList);
      const image = await readManifest(await client.request("/v2/contract/nginx/manifests/1.0", { accept: dockerManifest }));
      const amd64 = list.body.manifests.find((entry) => entry.platform?.architecture === "amd64");
      expect(image.digest).toBe(amd64?.digest);
      expect(image.body.mediaType).toBe(dockerManifest);
    });

    it("serves each platform's manifest, configuration and layers as their descriptors say", async () => {
      const { body: index } = await readManifest(await client.request("/v2/contract/app/manifests/v1.0.0", { accept: everything }));
      const images = index.manifests.filter((entry) => entry.platform?.os === "linux");
      expect(images.map((entry) => entry.platform?.architecture)).toEqual(["arm64", "amd64"]);
      for (const entry of images) {
        const { bytes, body } = await readManifest(await client.request(`/v2/contract/app/manifests/${entry.digest}`, { accept: everything }));
        expect([sha256(bytes), bytes.length]).toEqual([entry.digest, entry.size]);
        const blobs = [body.config, ...body.layers].filter((blob) => blob !== undefined);
        for (const blob of blobs) {
          const content = Buffer.from(await (await client.request(`/v2/contract/app/blobs/${blob.digest}`)).arrayBuffer());
          expect([sha256(content), content.length]).toEqual([blob.digest, blob.size]);
        }
        const config = await (await client.request(`/v2/contract/app/blobs/${body.config?.digest}`)).json();
        expect(config).toMatchObject({ architecture: entry.platform?.architecture, os: "linux", rootfs: { diff_ids: body.layers.map((layer) => layer.digest) } });
        expect(config).toMatchObject({ config: { Labels: { "org.opencontainers.image.revision": first.revision, "org.opencontainers.image.source": first.source } } });
      }
    });

    it("answers HEAD for a blob", async () => {
      const [blob] = renderImage(first).blobs;
      const response = await client.request(`/v2/contract/app/blobs/${blob?.digest}`, { method: "HEAD" });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-length")).toBe(String(blob?.bytes.length));
      expect(response.headers.get("docker-content-digest")).toBe(blob?.digest);
    });

    it.each([
      ["an unknown tag", "/v2/contract/app/manifests/none", "MANIFEST_UNKNOWN"],
      ["an unknown digest", `/v2/contract/app/manifests/${absentDigest}`, "MANIFEST_UNKNOWN"],
      ["a manifest of an unknown repository", "/v2/contract/nowhere/manifests/v1", "MANIFEST_UNKNOWN"],
      ["an unknown blob", `/v2/contract/app/blobs/${absentDigest}`, "BLOB_UNKNOWN"],
      ["tags of an unknown repository", "/v2/contract/nowhere/tags/list", "NAME_UNKNOWN"],
    ])("answers 404 for %s", async (_what, path, code) => {
      const response = await client.request(path, { accept: everything });
      expect(response.status).toBe(404);
      expect(await errorCodes(response)).toEqual([code]);
    });

    it("lists all tags in order, page by page where it pages", async () => {
      const seen: string[] = [];
      let path: string | undefined = "/v2/contract/app/tags/list?n=1";
      for (let pages = 0; path !== undefined && pages < 10; pages += 1) {
        const response: Response = await client.request(path);
        const body = (await response.json()) as { name: string; tags: string[] };
        expect(body.name).toBe("contract/app");
        seen.push(...body.tags);
        path = /<([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
      }
      expect(seen).toEqual(["v1.0.0", "v1.1.0"]);
    });

    it("answers for referrers with an empty index, or says that it has no such API", async () => {
      const response = await client.request(`/v2/contract/app/referrers/${renderImage(first).index.digest}`);
      expect([200, 404]).toContain(response.status);
      if (response.status === 200) {
        expect(response.headers.get("content-type")).toBe(ociIndex);
        expect(await response.json()).toMatchObject({ schemaVersion: 2, mediaType: ociIndex, manifests: [] });
      }
    });

    it("moves a tag that is pushed again and still serves the old digest", async () => {
      const before: Unsealed = { ...first, tag: "edge" };
      const after: Unsealed = { ...before, revision: "3".repeat(40) };
      await under.pushFixture({ ...before, repository: "ghcr.io/contract/moving" });
      await under.pushFixture({ ...after, repository: "ghcr.io/contract/moving" });
      const digests = [before, after].map((build) => renderImage({ ...build, repository: "ghcr.io/contract/moving" }).index.digest);
      const current = await readManifest(await client.request("/v2/contract/moving/manifests/edge", { accept: everything }));
      expect(current.digest).toBe(digests[1]);
      const old = await readManifest(await client.request(`/v2/contract/moving/manifests/${digests[0]}`, { accept: everything }));
      expect(old.digest).toBe(digests[0]);
    });
  });
}
