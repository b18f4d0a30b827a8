import { z } from "zod";
import type { ConfigMapContent } from "#lib/domain/template-diff.ts";
import type { LiveWorkload } from "#lib/domain/operation-write.ts";
import { ClusterError, kinds } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { patiently, StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

const deploymentSpecSchema = z.object({ template: z.record(z.string(), z.unknown()), replicas: z.int().default(1), paused: z.boolean().default(false) });
const textsSchema = z.record(z.string(), z.string()).default({});

export interface ReadWorkload extends LiveWorkload {
  object: ClusterObject;
  paused: boolean;
}

/** Reads a target's Deployment from the API, not from the watch. Throws StepFailed when it is gone or another one of that name (its uid). */
export async function readWorkload(run: Run, target: { bigPod: string; workload: { name: string; uid: string } }, deadline: number): Promise<ReadWorkload> {
  const { name, uid } = target.workload;
  const object = await patiently(`read Deployment ${name}`, deadline, run.keeper.lost, () => run.cluster.get(kinds.deployments, run.environment.namespace, name, run.keeper.lost)).catch((error: unknown) => {
    if (error instanceof ClusterError && error.reason === "not-found") throw new StepFailed(`Deployment ${name} in ${run.environment.namespace} was deleted`, { cause: error, failure: "elsewhere" });
    throw error;
  });
  if (object.metadata.uid !== uid) throw new StepFailed(`Deployment ${name} in ${run.environment.namespace} was deleted and made anew since the plan was made`, { failure: "elsewhere" });
  if (object.metadata.deletionTimestamp !== undefined) throw new StepFailed(`Deployment ${name} in ${run.environment.namespace} is being deleted`, { failure: "elsewhere" });
  const spec = deploymentSpecSchema.safeParse(object.spec);
  if (!spec.success) throw new StepFailed(`Deployment ${name} has a shape that cannot be read`, { failure: "elsewhere" });
  return { object, template: spec.data.template, replicas: spec.data.replicas, paused: spec.data.paused };
}

/** Reads a ConfigMap; null when there is none of that name. */
export async function readConfigMap(run: Run, name: string, deadline: number): Promise<{ object: ClusterObject; content: ConfigMapContent } | null> {
  try {
    const object = await patiently(`read ConfigMap ${name}`, deadline, run.keeper.lost, () => run.cluster.get(kinds.configMaps, run.environment.namespace, name, run.keeper.lost));
    return { object, content: { name, data: textsSchema.parse(object.data), binaryData: textsSchema.parse(object.binaryData) } };
  } catch (error) {
    if (error instanceof ClusterError && error.reason === "not-found") return null;
    throw error;
  }
}

/** The field manager that wrote last, for the sentence that names who interfered. */
export function lastManager(object: ClusterObject): string {
  const entries = (object.metadata.managedFields ?? []).filter((entry) => entry.subresource === undefined && entry.manager !== undefined);
  return entries.toSorted((a, b) => (b.time ?? "").localeCompare(a.time ?? ""))[0]?.manager ?? "somebody";
}
