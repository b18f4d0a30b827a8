import { logQuerySchema } from "#lib/contracts/log.ts";
import type { LogEvent, LogQuery } from "#lib/contracts/log.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import type { PodState } from "#lib/contracts/state.ts";
import { readStates } from "#lib/db/repositories/state.ts";
import { VigieError } from "#lib/domain/error.ts";
import { issuesSentence } from "#lib/domain/schema-words.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { authorise, noSuchEnvironment } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { mergeLogs } from "#lib/services/log/merge.ts";
import type { LogSource } from "#lib/services/log/merge.ts";

/** Lines sent at the beginning, over all containers; what came before stays in the cluster. */
export const firstLines = 1_000;
/** Containers that one reader follows at once. */
export const mostSources = 30;
/** Pods that came are looked for this often, and logs that broke off are opened again. */
const lookEveryMs = 2_000;

/**
 * The logs of a Big Pod, merged over its pods and containers, or of those that are named; newest lines first, then as they grow. Only pods that Vigie
 * knows as part of the Big Pod can be read: a name is no way into the rest of the namespace.
 * Throws VigieError "invalid", "denied", "not-found". What goes wrong with one container later is a note; the others go on.
 */
export async function followLog(context: ServiceContext, actor: Actor, clusterOf: (environment: string) => Promise<ClusterApi>, query: unknown, signal: AbortSignal): Promise<AsyncGenerator<LogEvent>> {
  const parsed = logQuerySchema.safeParse(query);
  if (!parsed.success) throw new VigieError("invalid", `This log cannot be read. The query is not as it should be: ${issuesSentence(parsed.error.issues)}.`);
  const { environment, bigPod, pod, container } = parsed.data;
  const configured = context.config.environments.find((known) => known.name === environment);
  await authorise(context, actor, "log.read", environment, `read the log of ${pod ?? bigPod}`);
  if (!configured) throw noSuchEnvironment(environment);
  const pods = await podsOf(context, environment, bigPod);
  const known = pod === undefined ? pods : pods.filter((candidate) => candidate.name === pod);
  if (pod !== undefined && known.length === 0) throw new VigieError("not-found", `${pod} is no pod of ${bigPod} in ${environment} (any more). Choose another pod.`);
  if (pod !== undefined && container !== undefined && !known.some((candidate) => candidate.containers.some(({ name }) => name === container))) {
    throw new VigieError("not-found", `${pod} has no container ${container}. It has ${known.flatMap((candidate) => candidate.containers.map(({ name }) => name)).join(", ")}.`);
  }
  const cluster = await clusterOf(environment);
  return follow({ cluster, namespace: configured.namespace, query: parsed.data, pods, podsNow: () => podsOf(context, environment, bigPod), signal });
}

async function podsOf(context: ServiceContext, environment: string, bigPod: string): Promise<PodState[]> {
  const [stored] = await readStates(context.db, { environment, bigPod });
  return stored?.state.pods ?? [];
}

interface Following {
  cluster: ClusterApi;
  namespace: string;
  query: LogQuery;
  pods: PodState[];
  podsNow: () => Promise<PodState[]>;
  signal: AbortSignal;
}

async function* follow({ cluster, namespace, query, pods, podsNow, signal }: Following): AsyncGenerator<LogEvent> {
  const merged = mergeLogs(() => performance.now());
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const open = new Set<string>();
  const previous = query.previous === "true";

  const wanted = (all: readonly PodState[]): LogSource[] =>
    all.filter((pod) => query.pod === undefined || pod.name === query.pod).flatMap((pod) => pod.containers.filter(({ name }) => query.container === undefined || name === query.container).map(({ name }) => ({ pod: pod.name, container: name })));

  async function openAll(all: readonly PodState[]): Promise<void> {
    const sources = wanted(all);
    const tailLines = Math.max(20, Math.floor(firstLines / Math.max(1, Math.min(sources.length, mostSources))));
    const reading = sources.slice(0, mostSources).map(async (source) => {
      const key = `${source.pod}/${source.container}`;
      if (open.has(key)) return;
      open.add(key);
      const { failed } = await merged.read(source, cluster.podLog(namespace, source.pod, { container: source.container, follow: !previous, previous, tailLines, timestamps: true }, stop));
      open.delete(key);
      if (failed !== null && !stop.aborted) merged.note(source, failed);
    });
    await Promise.all(reading);
  }

  async function keepLooking(): Promise<void> {
    if (previous) {
      await openAll(pods);
      merged.close({ type: "ended", text: "That is the whole log of the run before the last restart." });
      return;
    }
    void openAll(pods);
    while (!stop.aborted) {
      await waitFor(lookEveryMs, stop);
      if (stop.aborted) break;
      // While the database is away, the pods known last are read on.
      pods = await podsNow().catch(() => pods);
      if (query.pod !== undefined && !pods.some(({ name }) => name === query.pod) && open.size === 0) {
        merged.close({ type: "ended", text: `${query.pod} is gone.` });
        return;
      }
      void openAll(pods);
    }
  }

  signal.addEventListener("abort", () => merged.close({ type: "ended", text: "" }), { once: true });
  void keepLooking();
  try {
    yield* merged.events();
  } finally {
    over.abort();
  }
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done, { once: true });
  });
}
