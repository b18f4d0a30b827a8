import { z } from "zod";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { Database } from "#lib/db/client.ts";
import { keepEvents } from "#lib/db/repositories/history.ts";
import type { SeenEvent } from "#lib/db/repositories/history.ts";
import { clean } from "#lib/domain/fold-read.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { assertLease, LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import type { ObservedView } from "#lib/worker/watchers/environment-view.ts";

/** Written in batches of this size; what is over waits for the next look. */
const mostAtOnce = 500;

const eventSchema = z.object({
  involvedObject: z.object({ kind: z.string().default(""), name: z.string().default(""), uid: z.string().optional() }).optional(),
  type: z.string().nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  count: z.int().nullish(),
  firstTimestamp: z.iso.datetime().nullish(),
  lastTimestamp: z.iso.datetime().nullish(),
  eventTime: z.iso.datetime({ offset: true }).nullish(),
  series: z.object({ count: z.int().nullish(), lastObservedTime: z.iso.datetime({ offset: true }).nullish() }).nullish(),
});

export interface EventRecorder {
  /** Call often: writes the events of a view that are new, or were counted on. */
  look(view: ObservedView): void;
  begin(): void;
  idle(): Promise<void>;
}

/** Keeps the cluster's events beyond the time the API server does. An event that cannot be written now is written at a later look, while the server still has it. */
export function createEventRecorder({ db, lease, log }: { db: Database; lease: () => LeaseToken | null; log: Log }): EventRecorder {
  /** resourceVersion that was written, by environment and uid. */
  const written = new Map<string, Map<string, string>>();
  const running = new Map<string, Promise<void>>();

  async function write(environment: string, objects: readonly ClusterObject[], events: readonly SeenEvent[], token: LeaseToken): Promise<void> {
    try {
      await db.$transaction(async (tx) => {
        await assertLease(tx, token);
        await keepEvents(tx, events);
      });
      const known = written.get(environment) ?? new Map<string, string>();
      for (const { metadata } of objects) known.set(metadata.uid, metadata.resourceVersion);
      written.set(environment, known);
    } catch (error) {
      if (!(error instanceof LeaseLost)) log.debug({ environment, err: error }, "events were not kept yet");
    }
  }

  return {
    look(view) {
      const token = lease();
      const environment = view.environment.name;
      if (token === null || running.has(environment)) return;
      const known = written.get(environment);
      const present = [...view.events()];
      const fresh = present.filter(({ metadata }) => known?.get(metadata.uid) !== metadata.resourceVersion).slice(0, mostAtOnce);
      if (known !== undefined && known.size > present.length + mostAtOnce) {
        // What the server forgot is not asked about again.
        const uids = new Set(present.map(({ metadata }) => metadata.uid));
        for (const uid of known.keys()) if (!uids.has(uid)) known.delete(uid);
      }
      if (fresh.length === 0) return;
      const states = view.states();
      // Before the first fold nobody knows whose events they are.
      if (states.length === 0) return;
      const events = fresh.flatMap((object) => seenEvent(environment, object, states) ?? []);
      running.set(environment, write(environment, fresh, events, token).finally(() => running.delete(environment)));
    },
    begin: () => written.clear(),
    async idle() {
      await Promise.all(running.values());
    },
  };
}

function seenEvent(environment: string, object: ClusterObject, states: readonly BigPodState[]): SeenEvent | null {
  const parsed = eventSchema.safeParse(object);
  if (!parsed.success) return null;
  const event = parsed.data;
  const { kind = "", name = "", uid } = event.involvedObject ?? {};
  const firstAt = event.firstTimestamp ?? event.eventTime ?? object.metadata.creationTimestamp;
  const lastAt = event.series?.lastObservedTime ?? event.lastTimestamp ?? firstAt;
  if (firstAt === undefined || lastAt === undefined) return null;
  return {
    environment,
    uid: object.metadata.uid,
    bigPod: bigPodOf(kind, name, uid, states),
    object: clean(`${kind} ${name}`).slice(0, 300),
    type: clean(event.type ?? "Normal").slice(0, 40),
    reason: clean(event.reason ?? "").slice(0, 200),
    message: clean(event.message ?? "").slice(0, 4_000),
    count: Math.max(1, event.series?.count ?? event.count ?? 1),
    firstAt: new Date(firstAt).toISOString(),
    lastAt: new Date(lastAt).toISOString(),
  };
}

/** Pods and ReplicaSets carry their workload's name in front; a pod that is gone already is known by that alone. */
function bigPodOf(kind: string, name: string, uid: string | undefined, states: readonly BigPodState[]): string | null {
  for (const state of states) {
    if (state.workload === null) continue;
    if (uid !== undefined && (uid === state.workload.uid || state.pods.some((pod) => pod.uid === uid))) return state.bigPod;
    if ((kind === "Deployment" || kind === "HorizontalPodAutoscaler") && name === state.workload.name) return state.bigPod;
    if (kind === "ReplicaSet" && name.replace(/-[a-z0-9]+$/, "") === state.workload.name) return state.bigPod;
    if (kind === "Pod" && name.replace(/-[a-z0-9]+-[a-z0-9]+$/, "") === state.workload.name) return state.bigPod;
  }
  return null;
}
