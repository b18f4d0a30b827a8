import type { KubeObject, ObjectMeta, OwnerReference } from "#sandbox/kube/types.ts";

/** What `Store.create` is given: it fills uid, version and times. */
export interface NewObject {
  apiVersion: string;
  kind: string;
  metadata: Partial<ObjectMeta> & { name: string };
  [field: string]: unknown;
}

export function asNew(object: NewObject): Partial<KubeObject> {
  // The Store's parameter asks for whole metadata, which nobody but the Store can give.
  return object as unknown as Partial<KubeObject>;
}

/** "namespace/name", or the name alone for things without a namespace. */
export function keyOf(object: { metadata: ObjectMeta }): string {
  return object.metadata.namespace === undefined ? object.metadata.name : `${object.metadata.namespace}/${object.metadata.name}`;
}

/** The two halves of a key of a namespaced object. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function controllerOf(object: { metadata: ObjectMeta }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export function isControlledBy(object: { metadata: ObjectMeta }, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The reference a controller puts on what it creates. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid, controller: true, blockOwnerDeletion: true };
}

/** Kubernetes' alphabet for generated names: no vowels, no digits that look like letters. */
const nameLetters = "bcdfghjklmnpqrstvwxz2456789";

export function randomSuffix(random: () => number, length = 5): string {
  let suffix = "";
  for (let index = 0; index < length; index++) suffix += nameLetters[Math.floor(random() * nameLetters.length)] ?? "b";
  return suffix;
}

/** The same alphabet for hashes: each character of the decimal digits picks a letter. */
export function safeEncode(digits: string): string {
  let encoded = "";
  for (const digit of digits) encoded += nameLetters[digit.charCodeAt(0) % nameLetters.length] ?? "b";
  return encoded;
}

export function randomHex(random: () => number, length: number): string {
  let hex = "";
  for (let index = 0; index < length; index++) hex += Math.floor(random() * 16).toString(16);
  return hex;
}
