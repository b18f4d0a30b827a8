import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Unsealed } from "#sandbox/registry/contract-documents.ts";
import { renderImage, type Document } from "#sandbox/registry/image-documents.ts";

/** Where Debian's `docker-registry` is on the PATH, if it is. */
export function findDockerRegistry(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, "docker-registry")).find((file) => existsSync(file));
}

/** Runs the real registry on a free loopback port with an empty store, without authentication. */
export async function startDockerRegistry(binary: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "docker-registry-"));
  const config = join(folder, "config.yml");
  writeFileSync(config, ["version: 0.1", "log: {level: info}", "storage:", "  filesystem:", `    rootdirectory: ${folder}/store`, "http:", "  addr: 127.0.0.1:0", ""].join("\n"));
  const child = spawn(binary, ["serve", config], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  const address = await listeningAddress(createInterface({ input: child.stderr }), exited);
  return {
    url: `http://${address}`,
    async stop() {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

function listeningAddress(lines: NodeJS.EventEmitter, exited: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    const seen: string[] = [];
    lines.on("line", (line: string) => {
      seen.push(line);
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
    exited.then(() => reject(new Error(`docker-registry stopped before it listened:\n${seen.join("\n")}`)), reject);
  });
}

/** Pushes a build by the upload API: blobs first, then platform manifests, the index under its tag last. */
export async function pushBuild(baseUrl: string, build: Unsealed): Promise<void> {
  const name = build.repository.slice(build.repository.indexOf("/") + 1);
  const { index, manifests, blobs } = renderImage(build);
  for (const blob of blobs) await pushBlob(baseUrl, name, blob);
  for (const manifest of manifests) if (manifest !== index) await put(`${baseUrl}/v2/${name}/manifests/${manifest.digest}`, manifest.bytes, manifest.mediaType);
  await put(`${baseUrl}/v2/${name}/manifests/${build.tag}`, index.bytes, index.mediaType);
}

async function pushBlob(baseUrl: string, name: string, blob: Document): Promise<void> {
  const started = await fetch(`${baseUrl}/v2/${name}/blobs/uploads/`, { method: "POST" });
  if (started.status !== 202) throw new Error(`Starting an upload answered ${started.status}: ${await started.text()}`);
  const upload = new URL(started.headers.get("location") ?? "", baseUrl);
  upload.searchParams.set("digest", blob.digest);
  await put(upload.href, blob.bytes, "application/octet-stream");
}

async function put(url: string, bytes: Buffer, contentType: string): Promise<void> {
  const response = await fetch(url, { method: "PUT", headers: { "content-type": contentType }, body: new Uint8Array(bytes) });
  if (response.status !== 201) throw new Error(`PUT ${url} answered ${response.status}: ${await response.text()}`);
}
