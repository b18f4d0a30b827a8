import { jsonText } from "#sandbox/kube/objects/json.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import { clusterTables } from "#sandbox/kube/tables/cluster.ts";
import { shape, type TableShape } from "#sandbox/kube/tables/column.ts";
import { podTable } from "#sandbox/kube/tables/pods.ts";
import { workloadTables } from "#sandbox/kube/tables/workloads.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

export type IncludeObject = "None" | "Metadata" | "Object";

const shapes: Readonly<Record<string, TableShape>> = { pods: podTable, ...workloadTables, ...clusterTables };
const fallback = shape(["Name", "Created At"], (object) => [object.metadata.name, object.metadata.creationTimestamp]);

function shapeOf(resource: ResourceInfo): TableShape {
  return shapes[resource.key] ?? fallback;
}

const partials = new WeakMap<KubeObject, string>();

/** The object as metav1.PartialObjectMetadata, made once per object. */
export function partialText(object: KubeObject): string {
  const known = partials.get(object);
  if (known !== undefined) return known;
  const text = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(object.metadata)}}`;
  partials.set(object, text);
  return text;
}

function rowText(table: TableShape, object: KubeObject, include: IncludeObject, now: Date): string {
  const cells = JSON.stringify(table.cells(object, now));
  const embedded = include === "None" ? "" : `,"object":${include === "Object" ? jsonText(object) : partialText(object)}`;
  return `{"cells":${cells}${embedded}}`;
}

/** A metav1.Table as JSON text. `listMeta` is the metadata of the list (or of the one object). */
export function tableText(resource: ResourceInfo, objects: readonly KubeObject[], listMeta: object, include: IncludeObject, now: Date, headers = true): string {
  const table = shapeOf(resource);
  const columns = headers ? JSON.stringify(table.columns) : "null";
  const rows = objects.map((object) => rowText(table, object, include, now));
  return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(listMeta)},"columnDefinitions":${columns},"rows":[${rows.join(",")}]}`;
}
