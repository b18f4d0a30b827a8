import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listenOnLoopback } from "#sandbox/loopback.ts";
import { createContent, type RegistryContent } from "#sandbox/registry/content.ts";
import { RegistryError } from "#sandbox/registry/errors.ts";
import type { Document } from "#sandbox/registry/image-documents.ts";
import { ociIndex } from "#sandbox/registry/media-types.ts";
import { createTokens, type Tokens } from "#sandbox/registry/tokens.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";

export interface RegistryOptions {
  catalogue: ImageCatalogue;
  /** 0 takes a free one. */
  port: number;
  host: string;
  users?: Readonly<Record<string, string>>;
  anonymousPull?: boolean;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer | string;
}

// Names and tags as https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests defines them.
const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const route = new RegExp(`^/v2/(${component}(?:/${component})*)/(manifests|blobs|tags|referrers)/([^/]{1,200})$`);
const tagPattern = /^\w[\w.-]{0,127}$/;

/**
 * A pull-only registry over plain http on loopback, filled with the catalogue's builds, with token authentication.
 * Speaks the OCI distribution API 1.1; while `catalogue.registryDown` every request is answered 503.
 */
export async function startRegistry({ catalogue, port, host, users = { "sandbox-reader": "sandbox" }, anonymousPull = true, now = Date.now }: RegistryOptions): Promise<{ url: string; stop(): Promise<void> }> {
  const content = createContent(catalogue);
  const tokens = createTokens({ users, anonymousPull, now });
  let url = "";
  const server = createServer((request, response) => {
    send(request, response, answer(request, { content, tokens, url, down: catalogue.registryDown }));
  });
  url = await listenOnLoopback(server, host, port, "The sandbox's registry");
  return { url, stop: () => closeServer(server) };
}

interface Context {
  content: RegistryContent;
  tokens: Tokens;
  url: string;
  down: boolean;
}

function answer(request: IncomingMessage, context: Context): Reply {
  try {
    if (context.down) throw new RegistryError("UNAVAILABLE", "service unavailable");
    return handle(request, context);
  } catch (error) {
    if (!(error instanceof RegistryError)) return { status: 500, headers: { "content-type": "application/json" }, body: '{"errors":[{"code":"UNKNOWN","message":"unknown error"}]}' };
    return { status: error.status, headers: { "content-type": "application/json", ...error.headers }, body: error.body };
  }
}

function handle(request: IncomingMessage, { content, tokens, url }: Context): Reply {
  const target = URL.parse(request.url ?? "/", url);
  if (target === null) return { status: 400, headers: {}, body: "" };
  const path = decodePath(target.pathname);
  if (path === "/token" && request.method === "GET") return json(tokens.issue(target.searchParams, request.headers.authorization));
  if (path === "/v2/" || path === "/v2") {
    tokens.require(request.headers.authorization, url, undefined);
    return json({});
  }
  const match = route.exec(path);
  if (match === null) return { status: 404, headers: { "content-type": "text/plain" }, body: "404 page not found\n" };
  const [, name = "", kind = "", reference = ""] = match;
  tokens.require(request.headers.authorization, url, name);
  if (request.method !== "GET" && request.method !== "HEAD") throw new RegistryError("UNSUPPORTED", "The operation is unsupported: this registry is filled by the sandbox's console.");
  const repository = content.repository(name, target.searchParams.get("ns") ?? undefined);
  if (kind === "manifests") return manifest(content, repository, reference, request.headers.accept);
  if (kind === "blobs") return document(content.blob(repository, reference), "application/octet-stream");
  if (kind === "referrers") return json({ schemaVersion: 2, mediaType: ociIndex, manifests: [] }, { "content-type": ociIndex });
  if (reference !== "list") return { status: 404, headers: { "content-type": "text/plain" }, body: "404 page not found\n" };
  return tagList(name, content.tags(repository), target.searchParams);
}

function manifest(content: RegistryContent, repository: string, reference: string, accept: string | undefined): Reply {
  if (!reference.includes(":") && !tagPattern.test(reference)) throw new RegistryError("MANIFEST_UNKNOWN", "manifest unknown", { detail: { Reference: reference } });
  const found = content.manifest(repository, reference, accept);
  return document(found, found.mediaType);
}

function document(found: Document, contentType: string): Reply {
  return { status: 200, headers: { "content-type": contentType, "docker-content-digest": found.digest, etag: `"${found.digest}"` }, body: found.bytes };
}

/** Paging by `n` and `last`, the next page named in a Link header (RFC 8288). */
function tagList(name: string, tags: readonly string[], query: URLSearchParams): Reply {
  const last = query.get("last");
  const rest = last === null ? tags : tags.filter((tag) => tag > last);
  const size = query.get("n");
  if (size === null) return json({ name, tags: rest });
  if (!/^\d{1,9}$/.test(size)) throw new RegistryError("PAGINATION_NUMBER_INVALID", "invalid number of results requested", { detail: { n: size } });
  const page = rest.slice(0, Number(size));
  const more = page.length > 0 && page.length < rest.length;
  const next = `/v2/${name}/tags/list?n=${size}&last=${encodeURIComponent(page.at(-1) ?? "")}`;
  return json({ name, tags: page }, more ? { link: `<${next}>; rel="next"` } : {});
}

function json(content: object, headers: Record<string, string> = {}): Reply {
  return { status: 200, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(content) };
}

function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body);
  request.resume();
  response.writeHead(reply.status, { "docker-distribution-api-version": "registry/2.0", "content-length": String(body.length), ...reply.headers });
  response.end(request.method === "HEAD" ? undefined : body);
}
