import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createRegistry } from "#lib/adapters/registry/registry.ts";
import { createLog } from "#lib/runtime/log.ts";
import { startRegistry } from "#sandbox/registry/server.ts";
import { createCatalogue } from "#sandbox/world/catalogue.ts";

const log = createLog("worker");
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const absent = `sha256:${"0".repeat(64)}`;

async function sandbox(options: { anonymousPull?: boolean } = {}) {
  const catalogue = createCatalogue({ now: Date.now });
  const server = await startRegistry({ catalogue, port: 0, host: "127.0.0.1", users: { reader: "open sesame" }, ...options });
  stops.push(server.stop);
  const build = catalogue.all().find((candidate) => candidate.inRegistry);
  if (build === undefined) throw new Error("the catalogue has no image");
  return { catalogue, build, url: server.url, host: build.repository.split("/")[0] ?? "" };
}

/** A server that answers as the test says; for what a well-behaved registry never does. */
async function faulty(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function at(url: string, host = "ghcr.io", extra: { username?: string; password?: string } = {}, timeoutMs = 3_000) {
  return createRegistry({ registries: [{ host, url, ...extra }], resolveSecret: () => "open sesame", log, timeoutMs });
}

describe("against the sandbox's registry", () => {
  test("an index by digest: platforms, commit and source", async () => {
    const { build, url, host } = await sandbox();
    const image = await at(url, host).inspect({ repository: build.repository, digest: build.digest });
    expect(image).toMatchObject({ digest: build.digest, revision: build.revision, source: build.source });
    expect(image?.platforms.toSorted()).toEqual(build.platforms.toSorted());
  });

  test("one platform's manifest by digest: its platform comes from the image's configuration", async () => {
    const { catalogue, build, url, host } = await sandbox();
    const response = await fetch(`${url}/token?service=sandbox-registry&scope=repository:${build.repository.slice(host.length + 1)}:pull`);
    const { token } = (await response.json()) as { token: string };
    const index = await fetch(`${url}/v2/${build.repository.slice(host.length + 1)}/manifests/${build.digest}`, { headers: { authorization: `Bearer ${token}`, accept: "application/vnd.oci.image.index.v1+json" } });
    const { manifests } = (await index.json()) as { manifests: { digest: string; platform: { os: string; architecture: string } }[] };
    const child = manifests[0];
    if (child === undefined) throw new Error("the index is empty");
    expect(catalogue.resolve(`${build.repository}@${child.digest}`)).toBeDefined();
    const image = await at(url, host).inspect({ repository: build.repository, digest: child.digest });
    expect(image).toMatchObject({ digest: child.digest, platforms: [`${child.platform.os}/${child.platform.architecture}`], revision: build.revision });
  });

  test("an image that is not there is null; a registry that is down is an error", async () => {
    const { catalogue, build, url, host } = await sandbox();
    const registry = at(url, host);
    expect(await registry.inspect({ repository: build.repository, digest: absent })).toBeNull();
    catalogue.registryDown = true;
    await expect(registry.inspect({ repository: build.repository, digest: build.digest })).rejects.toMatchObject({ code: "upstream", message: expect.stringMatching(/cannot be asked: it answers 503/) });
  });

  test("what was found is remembered, what was absent is not", async () => {
    const { catalogue, build, url, host } = await sandbox();
    const registry = at(url, host);
    const known = { repository: build.repository, digest: build.digest };
    expect(await registry.inspect(known)).not.toBeNull();
    catalogue.registryDown = true;
    expect(await registry.inspect(known)).not.toBeNull();
    await expect(registry.inspect({ ...known, digest: absent })).rejects.toMatchObject({ code: "upstream" });
  });

  test("credentials are used where anonymous pulls are refused, and asked for where they are missing", async () => {
    const { build, url, host } = await sandbox({ anonymousPull: false });
    const known = { repository: build.repository, digest: build.digest };
    await expect(at(url, host).inspect(known)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("username and password") });
    expect(await at(url, host, { username: "reader", password: "env:ANY" }).inspect(known)).toMatchObject({ digest: build.digest });
  });
});

describe("faults", () => {
  const body = JSON.stringify({ schemaVersion: 2, manifests: [] });
  const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
  const image = { repository: "ghcr.io/a/b", digest };

  test("bytes that do not hash to the digest are refused", async () => {
    const url = await faulty((_request, response) => response.setHeader("content-type", "application/vnd.oci.image.index.v1+json").end(`${body} `));
    await expect(at(url).inspect(image)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("cannot be believed") });
  });

  test("a server that never answers is given up", async () => {
    const url = await faulty(() => undefined);
    await expect(at(url, "ghcr.io", {}, 150).inspect(image)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("no answer within") });
  });

  test("an answer without end is cut off", async () => {
    const url = await faulty((_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    });
    await expect(at(url).inspect(image)).rejects.toMatchObject({ code: "upstream", message: expect.stringMatching(/an answer of more than \d+ KiB/) });
  });

  test.each([
    ["not json", "{"],
    ["something else", JSON.stringify({ hello: 1 })],
    ["prototype keys", '{"__proto__":{"manifests":[]}}'],
  ])("a manifest that is %s", async (_name, odd) => {
    const url = await faulty((_request, response) => response.end(odd));
    await expect(at(url).inspect({ repository: "ghcr.io/a/b", digest: `sha256:${createHash("sha256").update(odd).digest("hex")}` })).rejects.toMatchObject({ code: "upstream" });
  });

  test("a redirect or a token realm to an inside address is not followed", async () => {
    const inside = await faulty((_request, response) => response.end(body));
    const port = new URL(inside).port;
    const redirecting = await faulty((_request, response) => response.writeHead(307, { location: `http://localhost:${port}/` }).end());
    await expect(at(redirecting).inspect(image)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("without TLS") });
    const realm = await faulty((_request, response) => response.writeHead(401, { "www-authenticate": `Bearer realm="https://169.254.169.254/token",service="x"` }).end());
    await expect(at(realm).inspect(image)).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("not a public address") });
  });

  test("a host that the configuration does not name is not asked at a private address", async () => {
    const url = new URL(await faulty((_request, response) => response.end(body)));
    const registry = createRegistry({ registries: [], resolveSecret: () => "", log });
    await expect(registry.inspect({ repository: `${url.host}/a/b`, digest })).rejects.toMatchObject({ code: "upstream", message: expect.stringContaining("not a public address") });
    await expect(registry.inspect({ repository: `localhost:${url.port}/a/b`, digest })).rejects.toMatchObject({ code: "upstream", message: expect.stringMatching(/no public address/) });
  });

  test("a reference without registry is asked for where Kubernetes pulls it from", async () => {
    const asked: string[] = [];
    const url = await faulty((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(404).end();
    });
    const registry = at(url, "docker.io");
    for (const repository of ["nginx", "dreamscape/core", "index.docker.io/nginx"]) expect(await registry.inspect({ repository, digest })).toBeNull();
    expect(asked).toEqual(["library/nginx", "dreamscape/core", "library/nginx"].map((path) => `/v2/${path}/manifests/${digest}`));
    await expect(registry.inspect({ repository: "Nginx", digest })).rejects.toMatchObject({ code: "upstream", message: '"Nginx" is not the name of an image.' });
  });
});
