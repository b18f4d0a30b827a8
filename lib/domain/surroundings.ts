import { fields, list, templateOf, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";

/** What lies around a Big Pod's workload. Null: not known (not read, forbidden, not served), which is another thing than none. */
export interface Surroundings {
  nodes: readonly RawObject[] | null;
  services: readonly RawObject[] | null;
  ingresses: readonly RawObject[] | null;
  certificates: readonly RawObject[] | null;
  autoscalers: readonly RawObject[] | null;
  claims: readonly RawObject[] | null;
  jobs: readonly RawObject[] | null;
  cronJobs: readonly RawObject[] | null;
  networkPolicies: readonly RawObject[] | null;
}

export const surroundingNames = ["nodes", "services", "ingresses", "certificates", "autoscalers", "claims", "jobs", "cronJobs", "networkPolicies"] as const satisfies readonly (keyof Surroundings)[];
export type SurroundingName = (typeof surroundingNames)[number];

export const unknownSurroundings: Surroundings = { nodes: null, services: null, ingresses: null, certificates: null, autoscalers: null, claims: null, jobs: null, cronJobs: null, networkPolicies: null };

export function templateLabels(workload: RawObject): Readonly<Record<string, unknown>> {
  return fields(fields(templateOf(workload)["metadata"])["labels"]);
}

/** A Service's selector: every pair must be there, and an empty one selects nothing. */
export function selects(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  const pairs = Object.entries(fields(selector));
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}

/** A label selector with matchLabels and matchExpressions; an empty one selects everything (meta/v1 LabelSelector). */
export function matchesLabels(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  const { matchLabels, matchExpressions } = fields(selector);
  if (!Object.entries(fields(matchLabels)).every(([key, value]) => labels[key] === value)) return false;
  return list(matchExpressions).every(({ key, operator, values }) => {
    const value = typeof key === "string" ? labels[key] : undefined;
    const among = Array.isArray(values) && values.includes(value);
    switch (operator) {
      case "In":
        return among;
      case "NotIn":
        return !among;
      case "Exists":
        return value !== undefined;
      case "DoesNotExist":
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Names of the claims that a pod template mounts. */
export function claimsOf(workload: RawObject): string[] {
  return list(fields(templateOf(workload)["spec"])["volumes"]).flatMap((volume) => text(fields(volume["persistentVolumeClaim"])["claimName"]) ?? []);
}
