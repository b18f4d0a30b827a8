import type { IncomingMessage, ServerResponse } from "node:http";
import { createHash } from "node:crypto";
import protobuf from "protobufjs";
import { KubeError, noSuchPath } from "#sandbox/kube/errors.ts";
import { servedGroups } from "#sandbox/kube/http/discovery.ts";
import { parseAccept } from "#sandbox/kube/http/negotiate.ts";
import { sendJson } from "#sandbox/kube/http/respond.ts";
import { componentSchemas } from "#sandbox/kube/objects/openapi-schemas.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";

const TITLE = "Kubernetes";
const PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/** The same without "@", which is no character of a media type: clients send the one above and choke on it in an answer. */
const PROTOBUF_MIME = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** What a client looks for before it sends them: does a PATCH take dryRun, fieldManager, fieldValidation? */
const PATCH_PARAMETERS = ["dryRun", "fieldManager", "fieldValidation", "force"];
const PATCH_TYPES = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];

function itemPath(resource: ResourceInfo): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  return `${root}${resource.namespaced ? "/namespaces/{namespace}" : ""}/${resource.plural}/{name}`;
}

function kindOf({ group, version, kind }: ResourceInfo): { group: string; version: string; kind: string } {
  return { group, version, kind };
}

function resourcesOf(unsupported: readonly string[]): ResourceInfo[] {
  return servedGroups(unsupported).flatMap(({ resources }) => resources);
}

/**
 * OpenAPI 2 without definitions: clients then leave validation to the server, which does it (fieldValidation). The paths say which
 * parameters a PATCH takes.
 */
function swaggerJson(resources: readonly ResourceInfo[], version: string): object {
  const parameters = PATCH_PARAMETERS.map((name) => ({ name, in: "query", type: name === "force" ? "boolean" : "string", uniqueItems: true }));
  const paths = Object.fromEntries(resources.map((resource) => [itemPath(resource), {
    patch: { consumes: PATCH_TYPES, produces: ["application/json"], parameters, responses: { 200: { description: "OK" } }, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kindOf(resource) },
  }]));
  return { swagger: "2.0", info: { title: TITLE, version }, paths };
}

/** The same in the protobuf form of gnostic's OpenAPIv2 (field numbers: openapiv2/OpenAPIv2.proto), the only one old clients ask for. */
function swaggerProtobuf(resources: readonly ResourceInfo[], version: string): Buffer {
  const message = (tag: number, fill: (writer: protobuf.Writer) => void, into: protobuf.Writer) => {
    into.uint32((tag << 3) | 2).fork();
    fill(into);
    into.ldelim();
  };
  const text = (tag: number, value: string, into: protobuf.Writer) => into.uint32((tag << 3) | 2).string(value);
  const operation = (resource: ResourceInfo) => (writer: protobuf.Writer) => {
    for (const type of PATCH_TYPES) text(7, type, writer);
    for (const name of PATCH_PARAMETERS) message(8, (item) => message(1, (one) => message(2, (nonBody) => message(3, (query) => {
      text(2, "query", query);
      text(4, name, query);
      text(6, name === "force" ? "boolean" : "string", query);
    }, nonBody), one), item), writer);
    message(13, (extension) => {
      text(1, "x-kubernetes-group-version-kind", extension);
      const { group, version: kindVersion, kind } = kindOf(resource);
      message(2, (any) => text(2, `group: ${JSON.stringify(group)}\nkind: ${kind}\nversion: ${kindVersion}\n`, any), extension);
    }, writer);
  };
  const root = protobuf.Writer.create();
  text(1, "2.0", root);
  message(2, (info) => {
    text(1, TITLE, info);
    text(2, version, info);
  }, root);
  message(8, (paths) => {
    for (const resource of resources) message(2, (named) => {
      text(1, itemPath(resource), named);
      message(2, (item) => message(8, operation(resource), item), named);
    }, paths);
  }, root);
  return Buffer.from(root.finish());
}

/** The paths leave out strategic merge patches: clients then merge by the types they know themselves. */
function openApi3(resources: readonly ResourceInfo[], version: string): object {
  const parameters = PATCH_PARAMETERS.map((name) => ({ name, in: "query", schema: { type: name === "force" ? "boolean" : "string", uniqueItems: true } }));
  const content = Object.fromEntries(PATCH_TYPES.map((type) => [type, { schema: { type: "object" } }]));
  const paths = Object.fromEntries(resources.map((resource) => [itemPath(resource), {
    patch: { parameters, requestBody: { content }, responses: { 200: { description: "OK" } }, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kindOf(resource) },
  }]));
  return { openapi: "3.0.0", info: { title: TITLE, version }, paths, components: { schemas: componentSchemas(resources) } };
}

/** Answers /openapi/v2 and /openapi/v3. Throws KubeError 404/406. */
export function sendOpenApi(request: IncomingMessage, response: ServerResponse, path: string, unsupported: readonly string[], version: string): void {
  const resources = resourcesOf(unsupported);
  if (path === "/openapi/v2") {
    for (const { type } of parseAccept(request.headers.accept)) {
      if (type === PROTOBUF || type === PROTOBUF_MIME) {
        const body = swaggerProtobuf(resources, version);
        response.writeHead(200, { "Content-Type": PROTOBUF_MIME, "Content-Length": body.length });
        response.end(body);
        return;
      }
      if (["application/json", "application/*", "*/*"].includes(type)) return sendJson(response, 200, swaggerJson(resources, version));
    }
    throw new KubeError(406, "NotAcceptable", `only the following media types are accepted: application/json, ${PROTOBUF}`);
  }
  if (!parseAccept(request.headers.accept).some(({ type }) => ["application/json", "application/*", "*/*"].includes(type))) {
    throw new KubeError(406, "NotAcceptable", "only the following media types are accepted: application/json");
  }
  const groups = Map.groupBy(resources, ({ group, version: apiVersion }) => (group === "" ? `api/${apiVersion}` : `apis/${group}/${apiVersion}`));
  if (path === "/openapi/v3") {
    const paths = Object.fromEntries([...groups].map(([name, own]) => {
      const hash = createHash("sha256").update(version + own.map(({ key }) => key).join()).digest("hex").slice(0, 32).toUpperCase();
      return [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }];
    }));
    return sendJson(response, 200, { paths });
  }
  const own = groups.get(path.replace(/^\/openapi\/v3\//, ""));
  if (!own) throw noSuchPath();
  sendJson(response, 200, openApi3(own, version));
}
