import type { z } from "zod";
import { createRegistryClient, parseJson } from "#lib/adapters/registry/client.ts";
import type { RegistryClient } from "#lib/adapters/registry/client.ts";
import { imageConfigSchema, indexSchema, indexTypes, isIndex, manifestSchema, manifestTypes, platformName, sha256Of } from "#lib/adapters/registry/documents.ts";
import type { ImageConfig, ImageIndex } from "#lib/adapters/registry/documents.ts";
import type { RegistryConfig } from "#lib/contracts/config.ts";
import { placeOfRepository } from "#lib/domain/fold-image.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { RegistryApi, RegistryImage } from "#lib/ports/registry.ts";
import type { Log } from "#lib/ports/runtime.ts";

export interface RegistryOptions {
  registries: readonly RegistryConfig[];
  resolveSecret(reference: string): string;
  log: Log;
  /** Of each request. */
  timeoutMs?: number;
}

/** Digests never change what they name, so a found image is remembered; not for longer, because it may be deleted. */
const rememberedMs = 5 * 60_000;
const maximumRemembered = 500;
const maximumBytes = 4 * 1024 * 1024;
const accepted = [...indexTypes, ...manifestTypes].join(", ");

/** Reads images from registries over the distribution API. Hosts that the configuration does not name are asked over TLS at public addresses only. */
export function createRegistry({ registries, resolveSecret, log, timeoutMs = 3_000 }: RegistryOptions): RegistryApi {
  const clients = new Map<string, RegistryClient>();
  const remembered = new Map<string, { image: RegistryImage; untilMs: number }>();
  const underWay = new Map<string, Promise<RegistryImage | null>>();

  function clientFor(host: string): RegistryClient {
    const known = clients.get(host);
    if (known !== undefined) return known;
    const config = registries.find((registry) => registry.host === host);
    const base = new URL(config?.url ?? `https://${host === "docker.io" ? "registry-1.docker.io" : host}`);
    const password = config?.password === undefined ? undefined : resolveSecret(config.password);
    const credentials = password === undefined ? null : { username: config?.username ?? "", password };
    const client = createRegistryClient({ host, base, trusted: config !== undefined, credentials, timeoutMs, maximumBytes });
    clients.set(host, client);
    return client;
  }

  return {
    async inspect({ repository, digest }, signal) {
      if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new VigieError("upstream", `${repository} cannot be looked up by "${digest.slice(0, 80)}": that is no sha256 digest.`);
      const key = `${repository}@${digest}`;
      const known = remembered.get(key);
      if (known !== undefined && known.untilMs > performance.now()) return known.image;
      remembered.delete(key);
      let lookup = underWay.get(key);
      if (lookup === undefined) {
        const { host, path } = splitRepository(repository);
        // Shared by all who ask for the same image now: one caller's signal must not end it for the others; time-outs bound it.
        lookup = look(clientFor(host), { host, path, digest }, log).finally(() => underWay.delete(key));
        underWay.set(key, lookup);
      }
      const image = await (signal === undefined ? lookup : Promise.race([lookup, aborted(signal)]));
      if (image !== null) {
        for (const oldest of remembered.keys()) {
          if (remembered.size < maximumRemembered) break;
          remembered.delete(oldest);
        }
        remembered.set(key, { image, untilMs: performance.now() + rememberedMs });
      }
      return image;
    },
  };
}

interface Place {
  host: string;
  path: string;
  digest: string;
}

async function look(client: RegistryClient, place: Place, log: Log): Promise<RegistryImage | null> {
  const found = await fetchManifest(client, place);
  if (found === null) return null;
  if ("index" in found) return fromIndex(client, place, found.index, log);
  const config = await fetchConfig(client, place, found.configDigest);
  if (config === null) throw broken(place, "the configuration of this image is gone");
  return described(place.digest, [platformName(config)], config, found.annotations);
}

async function fromIndex(client: RegistryClient, place: Place, index: ImageIndex, log: Log): Promise<RegistryImage> {
  const real = index.manifests.filter((entry) => entry.platform !== undefined && entry.platform.os !== "unknown");
  const platforms = real.map((entry) => (entry.platform === undefined ? "" : platformName(entry.platform)));
  const [first] = real;
  if (first === undefined) return described(place.digest, platforms, null, index.annotations);
  try {
    const child = await fetchManifest(client, { ...place, digest: first.digest });
    const config = child === null || "index" in child ? null : await fetchConfig(client, place, child.configDigest);
    return described(place.digest, platforms, config, { ...(child !== null && "annotations" in child ? child.annotations : {}), ...index.annotations });
  } catch (error) {
    // Labels are extra knowledge; that the image exists, and for what, is known already.
    log.warn({ host: place.host, repository: place.path, digest: place.digest, error: error instanceof Error ? error.message : String(error) }, "The labels of an image could not be read");
    return described(place.digest, platforms, null, index.annotations);
  }
}

type Manifest = { index: ImageIndex } | { configDigest: string; annotations: Record<string, string> };

async function fetchManifest(client: RegistryClient, place: Place): Promise<Manifest | null> {
  const reply = await client.get(`/v2/${place.path}/manifests/${place.digest}`, place.path, accepted);
  if (reply === null) return null;
  verify(place, reply.body, place.digest);
  const body = parseJson(reply.body);
  if (isIndex(reply.contentType, body)) return { index: parsed(place, indexSchema, body) };
  const manifest = parsed(place, manifestSchema, body);
  return { configDigest: manifest.config.digest, annotations: manifest.annotations ?? {} };
}

async function fetchConfig(client: RegistryClient, place: Place, digest: string): Promise<ImageConfig | null> {
  const reply = await client.get(`/v2/${place.path}/blobs/${digest}`, place.path, "*/*");
  if (reply === null) return null;
  verify(place, reply.body, digest);
  return parsed(place, imageConfigSchema, parseJson(reply.body));
}

function described(digest: string, platforms: string[], config: ImageConfig | null, annotations: Record<string, string> | null | undefined): RegistryImage {
  const label = (name: string): string | null => config?.config?.Labels?.[`org.opencontainers.image.${name}`] ?? annotations?.[`org.opencontainers.image.${name}`] ?? null;
  return { digest, platforms, revision: label("revision"), source: label("source"), version: label("version"), createdAt: config?.created ?? label("created") };
}

function verify(place: Place, bytes: Buffer, digest: string): void {
  const actual = sha256Of(bytes);
  if (actual !== digest) throw broken(place, `what it serves as ${digest} is ${actual}`);
}

function parsed<T>(place: Place, schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) throw broken(place, "its answer is not a manifest of an image");
  return result.data;
}

function broken(place: Place, what: string): VigieError {
  return new VigieError("upstream", `The registry ${place.host} cannot be believed about ${place.path}: ${what}.`, { detail: { host: place.host } });
}

/** Host and path to ask at. Throws VigieError "upstream" for what is no name of an image. */
function splitRepository(repository: string): { host: string; path: string } {
  const { host, path } = placeOfRepository(repository);
  const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
  if (path.length > 255 || !new RegExp(`^${component}(?:/${component})*$`).test(path) || !/^[A-Za-z0-9.-]+(:\d{1,5})?$/.test(host)) throw new VigieError("upstream", `"${repository.slice(0, 200)}" is not the name of an image.`);
  return { host, path };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(new VigieError("upstream", "The registry was not asked to the end: the request was given up.", { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
