import type { IncomingMessage, ServerResponse } from "node:http";
import { KubeError, noSuchPath } from "#sandbox/kube/errors.ts";
import { parseAccept } from "#sandbox/kube/http/negotiate.ts";
import { sendJson } from "#sandbox/kube/http/respond.ts";
import type { RequestInfo } from "#sandbox/kube/http/request-info.ts";
import { RESOURCES, REVIEWS, type ResourceInfo } from "#sandbox/kube/objects/resources.ts";

const ADDRESSES = [{ clientCIDR: "0.0.0.0/0", serverAddress: "127.0.0.1" }];

interface ServedGroup {
  group: string;
  version: string;
  resources: ResourceInfo[];
  reviews: (typeof REVIEWS)[number][];
}

/** Groups that are served now, core first. */
export function servedGroups(unsupported: readonly string[]): ServedGroup[] {
  const names = [...new Set([...RESOURCES, ...REVIEWS].map(({ group }) => group))].sort();
  return names.filter((group) => !unsupported.includes(group)).map((group) => {
    const resources = RESOURCES.filter((resource) => resource.group === group);
    const reviews = REVIEWS.filter((review) => review.group === group);
    return { group, version: resources[0]?.version ?? reviews[0]?.version ?? "v1", resources, reviews };
  });
}

function groupVersion({ group, version }: { group: string; version: string }): string {
  return group === "" ? version : `${group}/${version}`;
}

function apiGroup(served: ServedGroup): object {
  const version = { groupVersion: groupVersion(served), version: served.version };
  return { name: served.group, versions: [version], preferredVersion: version };
}

function apiResourceList(served: ServedGroup): object {
  const stored = served.resources.flatMap((resource) => [
    {
      name: resource.plural, singularName: resource.singular, namespaced: resource.namespaced, kind: resource.kind, verbs: resource.verbs,
      ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
      ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    },
    ...resource.subresources.map((sub) => ({
      name: `${resource.plural}/${sub.name}`, singularName: "", namespaced: resource.namespaced, kind: sub.kind, verbs: sub.verbs,
      ...(sub.group === undefined ? {} : { group: sub.group, version: sub.version }),
    })),
  ]);
  const reviews = served.reviews.map(({ plural, kind }) => ({ name: plural, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ["create"] }));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: groupVersion(served), resources: [...stored, ...reviews] };
}

function aggregatedVersion(served: ServedGroup): object {
  const own = { group: served.group, version: served.version };
  const stored = served.resources.map((resource) => ({
    resource: resource.plural,
    responseKind: { ...own, kind: resource.kind },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length > 0 ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length > 0 ? { categories: resource.categories } : {}),
    ...(resource.subresources.length > 0
      ? { subresources: resource.subresources.map((sub) => ({ subresource: sub.name, responseKind: { group: sub.group ?? own.group, version: sub.version ?? own.version, kind: sub.kind }, verbs: sub.verbs })) }
      : {}),
  }));
  const reviews = served.reviews.map(({ plural, kind }) => ({
    resource: plural, responseKind: { ...own, kind }, scope: "Cluster", singularResource: kind.toLowerCase(), verbs: ["create"],
  }));
  return { version: served.version, resources: [...stored, ...reviews], freshness: "Current" };
}

/** The version of aggregated discovery that the client prefers, if it asks for any before plain JSON. */
function aggregatedVersionAsked(request: IncomingMessage): "v2" | "v2beta1" | undefined {
  for (const { type, parameters } of parseAccept(request.headers.accept)) {
    if (type !== "application/json") continue;
    if (parameters.as !== "APIGroupDiscoveryList") return undefined;
    if (parameters.g === "apidiscovery.k8s.io" && (parameters.v === "v2" || parameters.v === "v2beta1")) return parameters.v;
  }
  return undefined;
}

function sendAggregated(response: ServerResponse, version: string, groups: ServedGroup[]): void {
  const items = groups.map((served) => ({ metadata: { name: served.group, creationTimestamp: null }, versions: [aggregatedVersion(served)] }));
  const body = { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items };
  sendJson(response, 200, body, `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`);
}

/** Answers /api, /apis and below, as far as they are discovery. Throws KubeError 404/405/406. */
export function sendDiscovery(request: IncomingMessage, response: ServerResponse, { path, method }: RequestInfo, unsupported: readonly string[]): void {
  if (method !== "GET" && method !== "HEAD") throw new KubeError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
  const accepts = parseAccept(request.headers.accept).some(({ type }) => ["application/json", "application/*", "*/*"].includes(type));
  if (!accepts) throw new KubeError(406, "NotAcceptable", "only the following media types are accepted: application/json");
  const [root, first, second, ...more] = path.split("/").filter((part) => part !== "");
  const groups = servedGroups(unsupported);
  const aggregated = first === undefined ? aggregatedVersionAsked(request) : undefined;
  response.setHeader("Vary", "Accept");
  if (root === "api") {
    if (aggregated) return sendAggregated(response, aggregated, groups.filter(({ group }) => group === ""));
    if (first === undefined) return sendJson(response, 200, { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: ADDRESSES });
    const core = groups.find(({ group }) => group === "");
    if (first === "v1" && second === undefined && core) return sendJson(response, 200, apiResourceList(core));
    throw noSuchPath();
  }
  const named = groups.filter(({ group }) => group !== "");
  if (aggregated) return sendAggregated(response, aggregated, named);
  if (first === undefined) return sendJson(response, 200, { kind: "APIGroupList", apiVersion: "v1", groups: named.map(apiGroup) });
  const served = named.find(({ group }) => group === first);
  if (!served || more.length > 0) throw noSuchPath();
  if (second === undefined) return sendJson(response, 200, { kind: "APIGroup", apiVersion: "v1", ...apiGroup(served) });
  if (second !== served.version) throw noSuchPath();
  return sendJson(response, 200, apiResourceList(served));
}
