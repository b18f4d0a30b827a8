import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registryClient } from "#sandbox/registry/contract-client.ts";
import { errorCodes, readManifest } from "#sandbox/registry/contract-documents.ts";
import { startRegistry, type RegistryOptions } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

const name = "dreamscape-ai/experience-pod";
const manifestPath = `/v2/${name}/manifests/v2.3.0`;

describe("the sandbox's registry", () => {
  let clockMs: number;
  let stops: (() => Promise<void>)[];
  const now = () => clockMs;

  beforeEach(() => {
    clockMs = Date.parse("2026-11-21T08:00:00Z");
    stops = [];
  });
  afterEach(async () => {
    await Promise.all(stops.map((stop) => stop()));
  });

  async function start(options: Partial<RegistryOptions> = {}) {
    const catalogue = createCatalogue({ now });
    const registry = await startRegistry({ catalogue, port: 0, host: "127.0.0.1", now, ...options });
    stops.push(registry.stop);
    return { ...registry, catalogue };
  }

  async function tokenFor(url: string, scope: string, authorization?: string) {
    const response = await fetch(`${url}/token?service=sandbox-registry&scope=${encodeURIComponent(scope)}`, { headers: authorization === undefined ? {} : { authorization } });
    return { status: response.status, ...((await response.json()) as { token?: string; expires_in?: number }) };
  }

  it("challenges with the scope that is missing", async () => {
    const { url } = await start();
    const response = await fetch(url + manifestPath);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(`Bearer realm="${url}/token",service="sandbox-registry",scope="repository:${name}:pull"`);
    expect(await errorCodes(response)).toEqual(["UNAUTHORIZED"]);
  });

  it("takes a token only for its repository and its time", async () => {
    const { url } = await start();
    const { token, expires_in } = await tokenFor(url, `repository:${name}:pull,push`);
    const get = async (path: string) => (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await get(manifestPath)).toBe(200);
    expect(await get("/v2/dreamscape-ai/nginx/manifests/1.27.2")).toBe(401);
    clockMs += (expires_in ?? 0) * 1000;
    expect(await get(manifestPath)).toBe(401);
  });

  it("refuses a token with another signature", async () => {
    const { url } = await start();
    const { token = "" } = await tokenFor(url, `repository:${name}:pull`);
    const [head, , signature] = token.split(".");
    const forged = Buffer.from(JSON.stringify({ sub: "", exp: 9e9, access: [name] })).toString("base64url");
    const response = await fetch(url + manifestPath, { headers: { authorization: `Bearer ${head}.${forged}.${signature}` } });
    expect(response.status).toBe(401);
  });

  it("gives its users tokens, and none to a wrong password", async () => {
    const { url } = await start({ users: { reader: "secret:with:colons" }, anonymousPull: false });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    expect((await tokenFor(url, `repository:${name}:pull`, basic("reader:wrong"))).status).toBe(401);
    expect((await tokenFor(url, `repository:${name}:pull`, basic("__proto__:x"))).status).toBe(401);
    expect((await registryClient(url).request(manifestPath)).status).toBe(401);
    expect((await registryClient(url, { user: "reader", password: "secret:with:colons" }).request(manifestPath)).status).toBe(200);
  });

  it("stands in for ghcr.io as a containerd mirror, and only for it", async () => {
    const { url, catalogue } = await start();
    const client = registryClient(url);
    const { digest } = await readManifest(await client.request(`${manifestPath}?ns=ghcr.io`));
    expect(digest).toBe(catalogue.resolve(`ghcr.io/${name}:v2.3.0`)?.digest);
    expect(await errorCodes(await client.request(`${manifestPath}?ns=quay.io`))).toEqual(["MANIFEST_UNKNOWN"]);
    expect((await client.request(`/v2/ghcr.io/${name}/manifests/v2.3.0`)).status).toBe(200);
  });

  it("serves every build that was pushed, and none that was not", async () => {
    const { url, catalogue } = await start();
    const client = registryClient(url);
    for (const build of catalogue.all()) {
      const path = `/v2/${build.repository.slice("ghcr.io/".length)}/manifests`;
      const response = await client.request(`${path}/${build.tag}`);
      if (build.inRegistry) expect((await readManifest(response)).digest).toBe(build.digest);
      else expect(await errorCodes(response)).toEqual(["MANIFEST_UNKNOWN"]);
    }
  });

  it("pages through tags", async () => {
    const { url } = await start();
    const client = registryClient(url);
    const path = `/v2/${name}/tags/list`;
    const response = await client.request(`${path}?n=3&last=v2.2.0`);
    expect(await response.json()).toEqual({ name, tags: ["v2.2.1", "v2.3.0", "v2.4.0"] });
    expect(response.headers.get("link")).toBe(`<${path}?n=3&last=v2.4.0>; rel="next"`);
    const rest = await client.request(`${path}?n=9&last=v2.4.0-broken`);
    expect(await rest.json()).toEqual({ name, tags: ["v2.4.0-errors", "v2.4.0-fatal", "v2.4.0-oom", "v2.4.0-rc.1", "v2.4.0-slow"] });
    expect(rest.headers.get("link")).toBeNull();
    expect(await errorCodes(await client.request(`${path}?n=-1`))).toEqual(["PAGINATION_NUMBER_INVALID"]);
  });

  it("answers 503 to everything while it is down", async () => {
    const { url, catalogue } = await start();
    const client = registryClient(url);
    catalogue.registryDown = true;
    for (const path of ["/v2/", manifestPath, "/token"]) {
      const response = await client.request(path);
      expect(response.status).toBe(503);
      expect(await errorCodes(response)).toEqual(["UNAVAILABLE"]);
    }
    catalogue.registryDown = false;
    expect((await client.request(manifestPath)).status).toBe(200);
  });

  it("refuses what it does not do with the specification's codes", async () => {
    const { url } = await start();
    const client = registryClient(url);
    expect(await errorCodes(await client.request(`/v2/${name}/manifests/sha256:12`))).toEqual(["DIGEST_INVALID"]);
    expect(await errorCodes(await client.request(`/v2/${name}/blobs/nothing`))).toEqual(["DIGEST_INVALID"]);
    const { token } = await tokenFor(url, `repository:${name}:pull,push`);
    const push = await fetch(`${url}${manifestPath}`, { method: "PUT", body: "{}", headers: { authorization: `Bearer ${token}` } });
    expect(push.status).toBe(405);
    expect(await errorCodes(push)).toEqual(["UNSUPPORTED"]);
    for (const path of ["/", "/v2/UPPER/manifests/v1", "/v2/a/../../etc/passwd", "/v2/%2e%2e/tags/list", "/v2/a%ff/tags/list"]) expect((await fetch(url + path)).status).toBe(404);
  });

  it("never listens where others could reach it", async () => {
    await expect(start({ host: "0.0.0.0" })).rejects.toThrow("only listens on loopback");
  });

  it("says when its port is taken", async () => {
    const { url } = await start();
    await expect(start({ port: Number(new URL(url).port) })).rejects.toThrow(/port \d+ is already in use/);
  });
});
