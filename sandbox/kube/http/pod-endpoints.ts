import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { badRequest, KubeError, notFound, unavailable } from "#sandbox/kube/errors.ts";
import type { ApiCall } from "#sandbox/kube/http/api-context.ts";
import { readBody, readObject } from "#sandbox/kube/http/body.ts";
import { countOf } from "#sandbox/kube/http/list-options.ts";
import { liveObject } from "#sandbox/kube/http/read.ts";
import { isTrue } from "#sandbox/kube/http/request-info.ts";
import { sendJson } from "#sandbox/kube/http/respond.ts";
import { deleteOptions } from "#sandbox/kube/http/write-options.ts";
import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import { resourceByKey } from "#sandbox/kube/objects/resources.ts";
import { matchesLabelSelector } from "#sandbox/kube/objects/selectors.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

function logContainer(pod: KubeObject, asked: string | null): string {
  const all = ["containers", "initContainers", "ephemeralContainers"].map((kind) => records(pod.spec, kind).map((one) => String(one.name)));
  const [containers = [], init = []] = all;
  if (asked) {
    if (all.flat().includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = containers;
  if (only !== undefined && containers.length === 1) return only;
  const others = init.length > 0 ? ` or one of the init containers: [${init.join(" ")}]` : "";
  throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${containers.join(" ")}]${others}`);
}

/** GET …/pods/x/log, as text, line by line while it grows. Throws KubeError 400, 404. */
export async function sendLog(call: ApiCall): Promise<void> {
  const { server, info, response } = call;
  const { query } = info;
  const pod = liveObject(call);
  const container = logContainer(pod, query.get("container"));
  const flag = (name: string) => query.has(name) && isTrue(query.get(name));
  const [tailLines, sinceSeconds, limitBytes] = [countOf(query, "tailLines"), countOf(query, "sinceSeconds"), countOf(query, "limitBytes")];
  const sinceTime = query.get("sinceTime") ?? undefined;
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime))) throw badRequest(`sinceTime must be a time like 2006-01-02T15:04:05Z, got ${JSON.stringify(sinceTime)}`);
  if (!pod.spec?.nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  const follow = flag("follow");
  const abort = new AbortController();
  response.on("close", () => abort.abort());
  const lines = server.backend.logs(pod, container, {
    follow, previous: flag("previous"), timestamps: flag("timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }), ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(limitBytes === undefined ? {} : { limitBytes }), ...(sinceTime === undefined ? {} : { sinceTime }),
  }, abort.signal)[Symbol.asyncIterator]();
  const begin = () => {
    if (response.headersSent) return;
    response.writeHead(200, { "Content-Type": "text/plain", "Cache-Control": "no-cache, private" });
    response.flushHeaders();
  };
  // A refusal of the first line is still a proper Status; a follower of a silent container gets its headers at once.
  let next = lines.next();
  if (follow) await Promise.race([next, new Promise((resolve) => setImmediate(resolve))]).then(begin);
  for (let item = await next; !item.done; item = await next) {
    begin();
    if (abort.signal.aborted) break;
    if (!response.write(item.value.endsWith("\n") ? item.value : `${item.value}\n`)) await drained(response, abort.signal);
    next = lines.next();
  }
  await lines.return?.();
  begin();
  response.end();
}

/** Until the client has read what was written, or has left. */
function drained(response: ServerResponse, left: AbortSignal): Promise<unknown> {
  return once(response, "drain", { signal: left }).catch(() => undefined);
}

/** "name", "name:port", "scheme:name:port" of a proxy path. */
function parseTarget(text: string): { name: string; port: string | undefined } {
  const parts = text.split(":");
  if (parts.length === 1) return { name: text, port: undefined };
  if (parts.length === 2) return { name: parts[0] ?? "", port: parts[1] };
  if (parts.length === 3 && (parts[0] === "http" || parts[0] === "https" || parts[0] === "")) return { name: parts[1] ?? "", port: parts[2] };
  throw badRequest(`invalid proxy target "${text}": expected name, name:port or scheme:name:port`);
}

function podPort(pod: KubeObject, port: unknown): number | undefined {
  const ports = records(pod.spec, "containers").flatMap((one) => records(one, "ports"));
  if (port === undefined || port === "") return Number(ports[0]?.containerPort ?? 80);
  if (/^\d+$/.test(String(port))) return Number(port);
  const named = ports.find((one) => one.name === port);
  return named ? Number(named.containerPort) : undefined;
}

function podTarget(call: ApiCall): { pod: KubeObject; port: number } {
  const { name, port } = parseTarget(call.name);
  const pod = liveObject({ ...call, name });
  const number = podPort(pod, port);
  if (number === undefined || number < 1 || number > 65535) throw badRequest(`pod "${name}" has no port "${String(port)}"`);
  if (!pod.status?.podIP) throw badRequest("address not allowed");
  return { pod, port: number };
}

function isReady(pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp === undefined && records(pod.status, "conditions").some((one) => one.type === "Ready" && one.status === "True");
}

function serviceTarget(call: ApiCall): { pod: KubeObject; port: number } {
  const { name, port } = parseTarget(call.name);
  const service = liveObject({ ...call, name });
  const ports = records(service.spec, "ports");
  const chosen: JsonRecord | undefined = port === undefined || port === "" ? ports[0] : ports.find((one) => one.name === port || String(one.port) === port);
  if (!chosen) throw unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const selector = service.spec?.selector;
  const ready = isRecord(selector) ? call.server.store.list("pods", call.namespace).filter((pod) => matchesLabelSelector({ matchLabels: selector }, pod.metadata.labels) && isReady(pod)) : [];
  for (const pod of ready) {
    const number = podPort(pod, chosen.targetPort ?? chosen.port);
    if (number !== undefined) return { pod, port: number };
  }
  throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}

const HOP_HEADERS: ReadonlySet<string> = new Set(["authorization", "connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]);

/** …/pods/x:port/proxy/… and …/services/x:port/proxy/…. A refused connection becomes 503, as from the real server. */
export async function proxyRequest(call: ApiCall): Promise<void> {
  const { request, response, info, resource, rest } = call;
  const { pod, port } = resource.plural === "services" ? serviceTarget(call) : podTarget(call);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (!HOP_HEADERS.has(name) && value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  const query = info.query.toString();
  const body = await readBody(request);
  let answer: Awaited<ReturnType<typeof call.server.backend.proxy>>;
  try {
    answer = await call.server.backend.proxy(pod, port, { method: info.method, path: `${rest === "" ? "/" : rest}${query === "" ? "" : `?${query}`}`, headers, body });
  } catch (error) {
    if (error instanceof KubeError) throw error;
    throw unavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`);
  }
  const bytes = Buffer.from(answer.body);
  for (const [name, value] of Object.entries(answer.headers)) if (!HOP_HEADERS.has(name.toLowerCase())) response.setHeader(name, value);
  response.writeHead(answer.status, { "Content-Length": bytes.length });
  response.end(info.method === "HEAD" ? undefined : bytes);
}

/** POST …/pods/x/eviction: a deletion that a disruption budget may refuse (429). */
export async function evictPod(call: ApiCall): Promise<void> {
  const { server, info, response } = call;
  const body = await readObject(call.request);
  if (!isRecord(body) || body.kind !== "Eviction") throw badRequest("the body of the request must be an Eviction object");
  const { options, dryRun } = deleteOptions(info.query, isRecord(body.deleteOptions) ? body.deleteOptions : undefined);
  const pod = liveObject(call);
  const budget = server.store.list("poddisruptionbudgets.policy", call.namespace).find((one) =>
    matchesLabelSelector(one.spec?.selector, pod.metadata.labels) && Number(one.status?.disruptionsAllowed ?? 0) < 1);
  if (budget && isReady(pod)) {
    throw new KubeError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [{ reason: "DisruptionBudget", message: `The disruption budget ${budget.metadata.name} needs ${Number(budget.status?.desiredHealthy ?? 0)} healthy pods and has ${Number(budget.status?.currentHealthy ?? 0)} currently` }],
    });
  }
  if (!server.store.deleteRaw(resourceByKey("pods"), call.namespace, call.name, options, dryRun)) throw notFound(call.resource, call.name);
  sendJson(response, 201, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
}
