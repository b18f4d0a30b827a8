import type { IncomingMessage, ServerResponse } from "node:http";
import { KubeError, methodNotAllowed, noSuchPath } from "#sandbox/kube/errors.ts";
import type { ApiCall, ApiServer } from "#sandbox/kube/http/api-context.ts";
import { authorize } from "#sandbox/kube/http/authorize.ts";
import { readObject } from "#sandbox/kube/http/body.ts";
import { sendDiscovery } from "#sandbox/kube/http/discovery.ts";
import { sendOpenApi } from "#sandbox/kube/http/openapi.ts";
import { evictPod, proxyRequest, sendLog } from "#sandbox/kube/http/pod-endpoints.ts";
import { getObject, listObjects } from "#sandbox/kube/http/read.ts";
import { readRequest, type RequestInfo } from "#sandbox/kube/http/request-info.ts";
import { sendError, sendJson } from "#sandbox/kube/http/respond.ts";
import { answerReview } from "#sandbox/kube/http/reviews.ts";
import { handleScale } from "#sandbox/kube/http/scale.ts";
import type { Tokens, User } from "#sandbox/kube/http/tokens.ts";
import { createObject, deleteCollection, deleteObject, patchObject, replaceObject } from "#sandbox/kube/http/write.ts";
import { findResource, REVIEWS } from "#sandbox/kube/objects/resources.ts";

export const GIT_VERSION = "v1.30.5+k3s1";

const VERSION = {
  major: "1", minor: "30", gitVersion: GIT_VERSION, gitCommit: "9b586704a211264ca86b22f7d9b7ff3a2b5d3fd2", gitTreeState: "clean",
  buildDate: "2024-09-20T00:00:00Z", goVersion: "go1.22.6", compiler: "gc", platform: "linux/arm64",
};
const OPEN_PATHS: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz"]);

/** Throws KubeError 401 without a valid bearer token. */
function authenticate(request: IncomingMessage, tokens: Tokens, expiredTokens: readonly string[]): User {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const user = token === undefined ? undefined : tokens.userOf(token);
  if (!user || expiredTokens.includes(user)) throw new KubeError(401, "Unauthorized", "Unauthorized");
  return user;
}

const NEEDS_A_REAL_NODE: ReadonlySet<string> = new Set(["attach", "ephemeralcontainers", "exec", "portforward"]);

async function handleResource(call: ApiCall): Promise<void> {
  const { info, resource, subresource, server } = call;
  const { verb } = info;
  const sub = subresource === undefined ? undefined : resource.subresources.find((one) => one.name === subresource);
  if (resource.key === "pods" && subresource !== undefined && NEEDS_A_REAL_NODE.has(subresource)) throw new KubeError(404, "NotFound", `pods/${subresource} is not served: the sandbox's containers are pretended, there is nothing to run a command in or to connect to. Logs and the proxy are served.`);
  if (subresource !== undefined && !sub) throw noSuchPath();
  if (!(sub?.verbs ?? resource.verbs).includes(verb)) throw methodNotAllowed(verb);
  if (subresource === "log") return sendLog(call);
  if (subresource === "proxy") return proxyRequest(call);
  if (subresource === "eviction") return evictPod(call);
  if (subresource === "scale") return handleScale(call);
  switch (verb) {
    case "get":
      return getObject(call);
    case "list":
      return listObjects(call);
    case "watch":
      return server.hub.open(call);
    case "create":
      return createObject(call);
    case "update":
      return replaceObject(call);
    case "patch":
      return patchObject(call);
    case "delete":
      return deleteObject(call);
    case "deletecollection":
      return deleteCollection(call);
  }
}

async function handlePath(server: ApiServer, request: IncomingMessage, response: ServerResponse, info: RequestInfo, user: User): Promise<void> {
  const { path } = info;
  const { unsupportedGroups } = server.faults.state();
  if (path === "/version" || path === "/version/") return sendJson(response, 200, VERSION);
  if (path === "/openapi/v2" || path === "/openapi/v3" || path.startsWith("/openapi/v3/")) return sendOpenApi(request, response, path, unsupportedGroups, GIT_VERSION);
  if (!info.resource) {
    if (/^\/apis?(\/|$)/.test(path)) return sendDiscovery(request, response, info, unsupportedGroups);
    if (path === "/") return sendJson(response, 200, { paths: ["/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"] });
    throw noSuchPath();
  }
  const { group, version, plural, namespace, name = "", subresource, rest } = info.resource;
  authorize(user, info, server.faults.state());
  if (unsupportedGroups.includes(group)) throw noSuchPath();
  const review = REVIEWS.find((one) => one.group === group && one.version === version && one.plural === plural);
  if (review) {
    if (info.verb !== "create") throw methodNotAllowed(info.verb);
    return sendJson(response, 201, answerReview(review.kind, `${group}/${version}`, await readObject(request), user, server.faults.state()));
  }
  const resource = findResource(group, version, plural);
  if (!resource) throw noSuchPath();
  if (namespace !== undefined && !resource.namespaced) throw noSuchPath();
  if (namespace === undefined && resource.namespaced && (name !== "" || info.verb === "create")) throw noSuchPath();
  if (name !== "" && info.verb === "create" && subresource === undefined) throw methodNotAllowed("create");
  await handleResource({ server, request, response, info, user, resource, namespace, name, subresource, rest });
}

const WRITES: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** One request from its first byte to its answer; never throws. */
export async function handleRequest(server: ApiServer, tokens: Tokens, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that is gone in the middle of a write must not end the process: "close" follows and cleans up.
  response.on("error", () => response.destroy());
  try {
    const info = readRequest(request);
    const faults = server.faults.state();
    if (faults.latencyMs > 0) await delay(faults.latencyMs, response);
    if (OPEN_PATHS.has(info.path)) {
      response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" });
      response.end("ok");
      return;
    }
    const user = authenticate(request, tokens, faults.expiredTokens);
    if (server.faults.takeFailure(request.url ?? "/")) {
      const details = faults.failStatus === 429 || faults.failStatus === 503 ? { retryAfterSeconds: faults.retryAfterSeconds } : undefined;
      throw new KubeError(faults.failStatus, REASONS[faults.failStatus] ?? "InternalError", MESSAGES[faults.failStatus] ?? "Internal error occurred: the sandbox was told to fail", details);
    }
    if (WRITES.has(info.method) && server.faults.takeLostReply()) {
      // The write goes through, its answer does not.
      response.write = () => true;
      response.end = () => response.destroy();
    }
    await handlePath(server, request, response, info, user);
  } catch (error) {
    sendError(response, error);
  } finally {
    if (!request.complete) request.resume();
  }
}

const REASONS: Readonly<Record<number, string>> = { 429: "TooManyRequests", 503: "ServiceUnavailable", 504: "Timeout" };
const MESSAGES: Readonly<Record<number, string>> = {
  429: "the server has received too many requests and has asked us to try again later",
  503: "the server is currently unable to handle the request",
  504: "the server was unable to return a response in the time allotted, but may still be processing the request",
};

function delay(ms: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

