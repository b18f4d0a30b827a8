import { invalid, KubeError, notFound, statusOf } from "#sandbox/kube/errors.ts";
import type { ApiCall } from "#sandbox/kube/http/api-context.ts";
import { continueExpired, countOf, decodeContinue, encodeContinue, matcherOf, versionOf, type ContinueToken } from "#sandbox/kube/http/list-options.ts";
import { negotiate, type Negotiated } from "#sandbox/kube/http/negotiate.ts";
import { sendJson, sendText } from "#sandbox/kube/http/respond.ts";
import { prohibited, unsupported } from "#sandbox/kube/objects/causes.ts";
import { jsonText } from "#sandbox/kube/objects/json.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { partialText, tableText, type IncludeObject } from "#sandbox/kube/tables/table.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject");
  return value === "Object" || value === "None" ? value : "Metadata";
}

/** One object in the form asked for. */
export function objectText({ server, info, resource }: ApiCall, object: KubeObject, { as }: Negotiated): string {
  if (as === "table") return tableText(resource, [object], { resourceVersion: object.metadata.resourceVersion }, includeObject(info.query), server.store.now());
  return as === "metadata" ? partialText(object) : jsonText(object);
}

export function sendObject(call: ApiCall, code: number, object: KubeObject): void {
  const negotiated = negotiate(call.request);
  sendText(call.response, code, objectText(call, object, negotiated), negotiated.syntax);
}

/** The object a request names. Throws KubeError 404. */
export function liveObject({ server, resource, namespace, name }: ApiCall): KubeObject {
  const object = server.store.get(resource.key, namespace, name);
  if (!object) throw notFound(resource, name);
  return object;
}

export function getObject(call: ApiCall): void {
  versionOf(call.info.query, Number(call.server.store.resourceVersion));
  sendObject(call, 200, liveObject(call));
}

interface Page {
  objects: readonly KubeObject[];
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

function checkListOptions(resource: ResourceInfo, query: URLSearchParams): void {
  const match = query.get("resourceVersionMatch");
  const version = query.get("resourceVersion") ?? "";
  const scope = { ...resource, kind: "ListOptions", group: "meta.k8s.io" };
  if (query.get("continue") && version !== "" && version !== "0") {
    throw invalid(scope, "", [prohibited("resourceVersion", "specifying resource version is not allowed when using continue")]);
  }
  if (match === null || match === "") return;
  if (query.get("continue")) throw invalid(scope, "", [prohibited("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")]);
  if (match !== "Exact" && match !== "NotOlderThan") throw invalid(scope, "", [unsupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""])]);
  if (version === "") throw invalid(scope, "", [prohibited("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")]);
  if (match === "Exact" && version === "0") throw invalid(scope, "", [prohibited("resourceVersionMatch", 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"')]);
}

/** The objects of a list request: one moment, filtered, one page of it. Throws KubeError 400, 410, 422, 500 (fault). */
function readPage({ server, info, resource, namespace }: ApiCall, token: ContinueToken | undefined): Page {
  const { query } = info;
  checkListOptions(resource, query);
  const limit = countOf(query, "limit") ?? 0;
  const page = token?.page ?? 1;
  if (server.faults.state().failListOnPage === page) throw new KubeError(500, "InternalError", `Internal error occurred: page ${page} of the list could not be read`);
  const current = Number(server.store.resourceVersion);
  const asked = versionOf(query, current);
  // A plain version with a limit means Exact to the real server, too.
  const isExact = query.get("resourceVersionMatch") === "Exact" || (asked !== undefined && asked > 0 && limit > 0 && !query.get("resourceVersionMatch"));
  const at = token ? (token.version === -1 ? undefined : token.version) : isExact ? asked : undefined;
  const snapshot = server.store.snapshot(resource, namespace, at);
  const matches = matcherOf(resource.key, query);
  let objects = snapshot.objects;
  if (matches) objects = objects.filter(matches);
  if (token) objects = objects.slice(firstAfter(objects, token));
  const metadata: Page["metadata"] = { resourceVersion: String(snapshot.version) };
  if (limit === 0 || objects.length <= limit) return { objects, metadata };
  const shown = objects.slice(0, limit);
  const last = shown.at(-1);
  if (last) metadata.continue = encodeContinue({ version: snapshot.version, namespace: last.metadata.namespace ?? "", name: last.metadata.name, page: page + 1 });
  if (!matches) metadata.remainingItemCount = objects.length - limit;
  return { objects: shown, metadata };
}

function firstAfter(objects: readonly KubeObject[], token: ContinueToken): number {
  const index = objects.findIndex(({ metadata }) => {
    const namespace = metadata.namespace ?? "";
    return namespace > token.namespace || (namespace === token.namespace && metadata.name > token.name);
  });
  return index < 0 ? objects.length : index;
}

/** A list as text; its items carry no kind and apiVersion of their own, as the real server leaves them out. */
export function listText(resource: ResourceInfo, objects: readonly KubeObject[], metadata: object): string {
  const prefix = `{"apiVersion":${JSON.stringify(resource.apiVersion)},"kind":${JSON.stringify(resource.kind)},`;
  const items = objects.map((object) => {
    const text = jsonText(object);
    return text.startsWith(prefix) ? `{${text.slice(prefix.length)}` : text;
  });
  return `{"kind":"${resource.kind}List","apiVersion":"${resource.apiVersion}","metadata":${JSON.stringify(metadata)},"items":[${items.join(",")}]}`;
}

function metadataListText(objects: readonly KubeObject[], metadata: object): string {
  return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(metadata)},"items":[${objects.map(partialText).join(",")}]}`;
}

export function listObjects(call: ApiCall): void {
  const { server, info, response, resource } = call;
  const { syntax, as } = negotiate(call.request);
  const text = info.query.get("continue");
  const token = text ? decodeContinue(text) : undefined;
  let page: Page;
  try {
    page = readPage(call, token);
  } catch (error) {
    if (!token || !(error instanceof KubeError) || error.code !== 410) throw error;
    const { error: gone, metadata } = continueExpired(token);
    sendJson(response, 410, { ...statusOf(gone), metadata });
    return;
  }
  const body = as === "table"
    ? tableText(resource, page.objects, page.metadata, includeObject(info.query), server.store.now())
    : as === "metadata" ? metadataListText(page.objects, page.metadata) : listText(resource, page.objects, page.metadata);
  sendText(response, 200, body, syntax);
}
