import { toTime, type Clock } from "#sandbox/controllers/clock.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";

export interface EventInput {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  /** "kubelet", "default-scheduler", "deployment-controller"… */
  component: string;
  host?: string;
  fieldPath?: string;
}

/** Records events as the components do: one object per distinct event, counted while it repeats. */
export interface EventRecorder {
  record(about: KubeObject, event: EventInput): void;
}

const rememberedEvents = 4096;

/** Node events carry the node's name as uid and live in "default": that is how `kubectl describe node` finds them. */
function involvedObject(about: KubeObject, fieldPath: string | undefined): Record<string, string | undefined> {
  const { name, namespace, uid, resourceVersion } = about.metadata;
  if (about.kind === "Node") return { kind: "Node", name, uid: name };
  return { kind: about.kind, namespace, name, uid, apiVersion: about.apiVersion, resourceVersion, ...(fieldPath && { fieldPath }) };
}

function aggregationKey(involved: Record<string, string | undefined>, event: EventInput): string {
  return [event.component, event.host, involved.kind, involved.namespace, involved.name, involved.uid, involved.fieldPath, event.type, event.reason, event.message].join("\n");
}

/** Creates the recorder; events that the store already holds go on being counted. */
export function createEventRecorder({ store, clock, manager }: { store: Store; clock: Clock; manager: string }): EventRecorder {
  const known = new Map<string, { namespace: string; name: string }>();
  let serial = 0;

  function remember(key: string, place: { namespace: string; name: string }): void {
    known.delete(key);
    known.set(key, place);
    const oldest = known.size > rememberedEvents ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }

  for (const event of store.list("events")) {
    const involved: Record<string, string | undefined> = event.involvedObject ?? {};
    const { namespace, name } = event.metadata;
    if (namespace === undefined) continue;
    remember(aggregationKey(involved, { type: event.type, reason: event.reason, message: event.message, component: event.source?.component, host: event.source?.host }), { namespace, name });
  }

  return {
    record(about, event) {
      const involved = involvedObject(about, event.fieldPath);
      const key = aggregationKey(involved, event);
      const at = toTime(clock.now());
      const place = known.get(key);
      const counted = place && store.modify("events", place.namespace, place.name, { manager }, (draft) => {
        draft.count = (draft.count ?? 1) + 1;
        draft.lastTimestamp = at;
      });
      if (counted) return;
      const namespace = about.metadata.namespace ?? "default";
      const home = store.get("namespaces", undefined, namespace);
      if (home?.metadata.deletionTimestamp !== undefined) return;
      serial += 1;
      const name = `${about.metadata.name}.${(BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(serial)).toString(16)}`;
      store.create("events", {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name, namespace } as KubeObject["metadata"],
        involvedObject: involved,
        type: event.type,
        reason: event.reason,
        message: event.message,
        source: { component: event.component, ...(event.host && { host: event.host }) },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
        eventTime: null,
        reportingComponent: event.component,
        reportingInstance: event.host ?? "",
      }, { manager });
      remember(key, { namespace, name });
    },
  };
}
