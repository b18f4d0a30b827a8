import { isRecord, type JsonRecord } from "#sandbox/kube/objects/json.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { fieldsOf, type FieldSchema, type FieldType } from "#sandbox/kube/objects/schema.ts";

/** "V1DeploymentSpec" as the last part of a published name: "io.k8s.api.v1.DeploymentSpec". */
function schemaName(model: string): string {
  const match = /^([A-Z][a-z]+)?(V\d+(?:(?:alpha|beta)\d+)?)(.+)$/.exec(model);
  return match ? `io.k8s.${(match[1] ?? "api").toLowerCase()}.${match[2]?.toLowerCase()}.${match[3]}` : `io.k8s.api.${model}`;
}

function typeSchema(type: FieldType, found: Set<string>): JsonRecord {
  switch (type.kind) {
    case "object":
      found.add(type.model);
      return { $ref: `#/components/schemas/${schemaName(type.model)}` };
    case "list":
      return { type: "array", items: typeSchema(type.items, found) };
    case "map":
      return { type: "object", additionalProperties: typeSchema(type.values, found) };
    case "integer":
      return { type: "integer", format: `int${type.bits}` };
    case "number":
      return { type: "number", format: "double" };
    case "boolean":
      return { type: "boolean" };
    case "bytes":
      return { type: "string", format: "byte" };
    case "time":
      return { type: "string", format: "date-time" };
    case "intOrString":
      return { type: "string", format: "int-or-string" };
    case "any":
      return { type: "object" };
    default:
      return { type: "string" };
  }
}

function fieldSchema({ type, rule }: FieldSchema, found: Set<string>): JsonRecord {
  const schema = typeSchema(type, found);
  // A reference stands alone in OpenAPI 3.0; extensions go around it.
  const base = "$ref" in schema ? { allOf: [schema] } : schema;
  const strategies = [...(rule.mergeKey === undefined ? [] : ["merge"]), ...(rule.retainKeys ? ["retainKeys"] : [])];
  return {
    ...base,
    ...(type.kind === "list" ? { "x-kubernetes-list-type": rule.keys ? "map" : rule.set ? "set" : "atomic" } : {}),
    ...(rule.keys ? { "x-kubernetes-list-map-keys": rule.keys } : {}),
    ...(strategies.length > 0 ? { "x-kubernetes-patch-strategy": strategies.join(",") } : {}),
    ...(rule.mergeKey ? { "x-kubernetes-patch-merge-key": rule.mergeKey } : {}),
  };
}

/** OpenAPI 3 schemas of the resources and of every type they are made of. Descriptions are not part of the type tables. */
export function componentSchemas(resources: readonly ResourceInfo[]): JsonRecord {
  const schemas: JsonRecord = {};
  const waiting = new Set(resources.map(({ model }) => model));
  for (const model of waiting) {
    const properties = Object.fromEntries([...fieldsOf(model).values()].map((field) => [field.name, fieldSchema(field, waiting)]));
    schemas[schemaName(model)] = { type: "object", properties };
  }
  for (const { model, group, version, kind } of resources) {
    const schema = schemas[schemaName(model)];
    if (isRecord(schema)) schema["x-kubernetes-group-version-kind"] = [{ group, version, kind }];
  }
  return schemas;
}
