import type { NewObject } from "#sandbox/controllers/object-keys.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

/** Puts an object in unless one of its name is there. Status goes in a write of its own, as the API demands. */
export type Put = (resource: string, object: NewObject, manager?: string) => KubeObject;

/** RFC 3339 with whole seconds. */
export function daysAgo(nowMs: number, days: number): string {
  return `${new Date(nowMs - days * 86_400_000).toISOString().slice(0, 19)}Z`;
}
