import { z } from "zod";
import type { ClusterObject, ObjectList } from "#lib/ports/cluster.ts";

/** The API server's replies as far as they are relied on: metadata is checked, the rest passes through untouched. */

const absent = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);
const words = absent(z.record(z.string(), z.string()));

const metadataSchema = z.looseObject({
  name: z.string().min(1),
  namespace: absent(z.string()),
  uid: z.string().min(1),
  resourceVersion: z.string().min(1),
  generation: absent(z.int()),
  creationTimestamp: absent(z.string()),
  deletionTimestamp: absent(z.string()),
  labels: words,
  annotations: words,
  ownerReferences: absent(z.array(z.looseObject({ kind: z.string(), name: z.string(), uid: z.string(), controller: absent(z.boolean()) }))),
  managedFields: absent(
    z.array(z.looseObject({ manager: absent(z.string()), operation: absent(z.string()), time: absent(z.string()), subresource: absent(z.string()), fieldsV1: z.unknown().optional() })),
  ),
});

export const objectSchema = z.looseObject({ apiVersion: absent(z.string()), kind: absent(z.string()), metadata: metadataSchema });

export const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().nullish() }),
  items: z.array(objectSchema).nullable(),
});

const bookmarkSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().min(1) }) });

export const watchLineSchema = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ADDED", "MODIFIED", "DELETED"]), object: objectSchema }),
  z.object({ type: z.literal("BOOKMARK"), object: bookmarkSchema }),
  z.object({ type: z.literal("ERROR"), object: z.unknown() }),
]);

export const versionSchema = z.looseObject({ gitVersion: z.string().min(1) });

/** The parsed object is a ClusterObject: the schema above says so, the assignment proves it. */
export function parseObject(value: unknown): ClusterObject {
  return objectSchema.parse(value);
}

export function parseList(value: unknown): ObjectList {
  const list = listSchema.parse(value);
  return { items: list.items ?? [], resourceVersion: list.metadata.resourceVersion, continue: list.metadata.continue || null };
}
