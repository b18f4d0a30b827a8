import { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import { readStates } from "#lib/db/repositories/state.ts";
import { VigieError } from "#lib/domain/error.ts";
import { issuesSentence } from "#lib/domain/schema-words.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const kubernetesName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "a Kubernetes name");

export const logQuerySchema = z.strictObject({
  environment: z.string().min(1).max(63),
  bigPod: z.string().min(1).max(63),
  pod: kubernetesName,
  container: kubernetesName,
  /** The run before the last restart. */
  previous: z.enum(["true", "false"]).default("false"),
});

/** Lines sent at the beginning; what came before stays in the cluster. */
export const firstLines = 500;

/**
 * One container's log, newest `firstLines` lines and then as it grows. Only pods that Vigie knows as part of the Big Pod can be read: a name is no
 * way into the rest of the namespace. Throws VigieError "invalid", "denied", "not-found"; the iteration throws ClusterError.
 */
export async function followLog(context: ServiceContext, actor: Actor, clusterOf: (environment: string) => Promise<ClusterApi>, query: unknown, signal: AbortSignal): Promise<AsyncIterable<string>> {
  const parsed = logQuerySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", `This log cannot be read. The query is not as it should be: ${issuesSentence(parsed.error.issues)}.`);
  const { environment, bigPod, pod, container, previous } = parsed.data;
  const configured = context.config.environments.find((known) => known.name === environment);
  if (!configured) throw new VigieError("not-found", `There is no environment ${JSON.stringify(environment)}.`);
  await authorise(context, actor, "log.read", environment, `read the log of ${pod}`);
  const [stored] = await readStates(context.db, { environment, bigPod });
  const known = stored?.state.pods.find((candidate) => candidate.name === pod);
  if (!known) throw new VigieError("not-found", `${pod} is no pod of ${bigPod} in ${environment} (any more). Choose another pod.`);
  if (!known.containers.some((candidate) => candidate.name === container)) throw new VigieError("not-found", `${pod} has no container ${container}. It has ${known.containers.map(({ name }) => name).join(", ")}.`);
  const cluster = await clusterOf(environment);
  return cluster.podLog(configured.namespace, pod, { container, follow: previous === "false", previous: previous === "true", tailLines: firstLines }, signal);
}
