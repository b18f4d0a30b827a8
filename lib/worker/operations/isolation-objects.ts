import { fields } from "#lib/domain/fold-read.ts";
import { readIsolation } from "#lib/domain/isolation.ts";
import type { IsolationMark } from "#lib/domain/isolation.ts";
import type { IsolationTarget } from "#lib/domain/isolation-steps.ts";
import { templateLabels } from "#lib/domain/surroundings.ts";
import { ClusterError, kinds } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { readWorkload } from "#lib/worker/operations/objects.ts";
import type { ReadWorkload } from "#lib/worker/operations/objects.ts";
import { patiently } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

export interface MarkedWorkload extends ReadWorkload {
  mark: IsolationMark | null;
  /** spec.selector of the Deployment, which nobody can change. */
  selector: unknown;
  /** Labels of the pods that its template makes. */
  labels: Readonly<Record<string, unknown>>;
}

export async function readMarked(run: Run, target: IsolationTarget, deadline: number): Promise<MarkedWorkload> {
  const live = await readWorkload(run, target, deadline);
  return { ...live, mark: readIsolation(live.object.metadata.annotations), selector: fields(live.object.spec)["selector"], labels: templateLabels(live.object) };
}

/** The NetworkPolicy of an isolation; null when there is none of that name. */
export async function readPolicy(run: Run, name: string, deadline: number): Promise<ClusterObject | null> {
  try {
    return await patiently(`read NetworkPolicy ${name}`, deadline, run.keeper.lost, () => run.cluster.get(kinds.networkPolicies, run.environment.namespace, name, run.keeper.lost));
  } catch (error) {
    if (error instanceof ClusterError && error.reason === "not-found") return null;
    throw error;
  }
}

/** Pods of the Deployment that are not over, as the API has them now. */
export async function livePods(run: Run, live: MarkedWorkload, deadline: number): Promise<ClusterObject[]> {
  const { items } = await patiently("list its pods", deadline, run.keeper.lost, () => run.cluster.list(kinds.pods, { namespace: run.environment.namespace, labelSelector: selectorText(live.selector) }, run.keeper.lost));
  return items.filter((pod) => !["Succeeded", "Failed"].includes(String(fields(pod.status)["phase"])));
}

/** A label selector as the API takes it in a query. */
export function selectorText(selector: unknown): string {
  const { matchLabels, matchExpressions } = fields(selector);
  const equal = Object.entries(fields(matchLabels)).map(([key, value]) => `${key}=${String(value)}`);
  const others = (Array.isArray(matchExpressions) ? matchExpressions : []).map((expression) => {
    const { key, operator, values } = fields(expression);
    const among = Array.isArray(values) ? `(${values.join(",")})` : "()";
    switch (operator) {
      case "In":
        return `${String(key)} in ${among}`;
      case "NotIn":
        return `${String(key)} notin ${among}`;
      case "DoesNotExist":
        return `!${String(key)}`;
      default:
        return String(key);
    }
  });
  return [...equal, ...others].join(",");
}
