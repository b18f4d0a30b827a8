import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi, ClusterObject } from "#lib/ports/cluster.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { colourLabel } from "#sandbox/world/seed-colours.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

/** For tests of blue-green: what a cluster's Services, autoscalers and endpoints say, asked of the cluster itself. */
export const prod = "dreamscape-prod";

export async function selected(stage: Stage, service: string): Promise<string | undefined> {
  const { spec } = await stage.apiOf("prod").get(kinds.services, prod, service);
  return (spec as { selector: Record<string, string> }).selector[colourLabel];
}

export async function replicasOf(stage: Stage, deployment: string): Promise<number> {
  const { spec } = await stage.apiOf("prod").get(kinds.deployments, prod, deployment);
  return (spec as { replicas: number }).replicas;
}

export async function scaledBy(stage: Stage, autoscaler: string): Promise<string> {
  const { spec } = await stage.apiOf("prod").get(kinds.horizontalPodAutoscalers, prod, autoscaler);
  return (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name;
}

/** Records every selector that Services have had, in order, until it is stopped: what the users of a Service have noticed. */
export async function recordSelectors(stage: Stage): Promise<{ of(service: string): string[]; stop(): Promise<void> }> {
  const api = stage.apiOf("prod");
  const seen = new Map<string, string[]>();
  const note = ({ metadata, spec }: ClusterObject): void => {
    const colour = (spec as { selector?: Record<string, string> }).selector?.[colourLabel] ?? "none";
    const known = seen.get(metadata.name) ?? [];
    if (known.at(-1) !== colour) seen.set(metadata.name, [...known, colour]);
  };
  const { items, resourceVersion } = await api.list(kinds.services, { namespace: prod });
  items.forEach(note);
  const stopping = new AbortController();
  const watching = (async () => {
    for await (const event of api.watch(kinds.services, { namespace: prod, resourceVersion, timeoutSeconds: 600 }, stopping.signal)) if (event.type !== "BOOKMARK") note(event.object);
  })();
  return {
    of: (service) => seen.get(service) ?? [],
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

interface Write {
  method: "patch" | "replace";
  plural: string;
  name: string;
}

export interface Interference {
  before?: (write: Write) => Promise<void>;
  after?: (write: Write) => Promise<void>;
}

/** An API that calls `before` and `after` around each write: the hand that interferes at one exact moment. */
export function interfering(api: ClusterApi, hooks: Interference): ClusterApi {
  return new Proxy(api, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== "function" || (property !== "patch" && property !== "replace")) return member;
      return async (...parameters: unknown[]) => {
        const [kind, , name] = parameters as Parameters<ClusterApi["patch"]>; // the first three are alike in both
        const write: Write = { method: property, plural: kind.plural, name };
        await hooks.before?.(write);
        const result: unknown = await Reflect.apply(member, target, parameters);
        await hooks.after?.(write);
        return result;
      };
    },
  });
}

/** Tells the database that staging runs an image well which breaks elsewhere: what a release that only fails in prod looks like. */
export async function stagingSeemsToRun(stage: Stage, kind: string): Promise<() => Promise<void>> {
  await stage.console("faults/release", { environment: "dev", kind });
  const stateIn = async (environment: string): Promise<BigPodState> => (await stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment, bigPod: "experience" } } })).state as unknown as BigPodState; // written by the observer
  const before = await stateIn("staging");
  const bad = await stage.until("dev runs it", async () => {
    const image = (await stateIn("dev")).images[0];
    return image !== undefined && image.digest !== null && image.tag?.endsWith(`-${kind}`) === true ? image : undefined;
  });
  const write = (state: BigPodState) => stage.database.db.bigPodStateRow.update({ where: { environment_bigPod: { environment: "staging", bigPod: "experience" } }, data: { state: asJson(state) } });
  await write({ ...before, images: [bad] });
  return async () => void (await write(before));
}
