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

const rememberedEvents = 1024;
/** client-go's EventAggregator: more distinct messages than this, each within the time of the last, become one event. */
const distinctMessages = 10;
const similarForMs = 600_000;
const combinedPrefix = "(combined from similar events): ";

/** Node events carry the node's name as uid and live in "default": that is how `kubectl describe node` finds them. */
function involvedObject(about: KubeObject, fieldPath: string | undefined): Record<string, string | undefined> {
  const { name, namespace, uid, resourceVersion } = about.metadata;
  if (about.kind === "Node") return { kind: "Node", name, uid: name };
  return { kind: about.kind, namespace, name, uid, apiVersion: about.apiVersion, resourceVersion, ...(fieldPath && { fieldPath }) };
}

function aggregationKey(involved: Record<string, string | undefined>, event: EventInput): string {
  // The event that stands for many has a new message each time and is the same event.
  const message = event.message.startsWith(combinedPrefix) ? combinedPrefix : event.message;
  return [event.component, event.host, involved.kind, involved.namespace, involved.name, involved.uid, involved.fieldPath, event.type, event.reason, message].join("\n");
}

/** Sets the key as the newest; the oldest goes when there are too many. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.size > rememberedEvents ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}

/** Creates the recorder; events that the store already holds go on being counted. */
export function createEventRecorder({ store, clock, manager }: { store: Store; clock: Clock; manager: string }): EventRecorder {
  const known = new Map<string, { namespace: string; name: string }>();
  const similar = new Map<string, { messages: Set<string>; lastMs: number }>();
  let serial = 0;

  /** The event itself, or the one that stands for it and others like it. */
  function combined(involved: Record<string, string | undefined>, event: EventInput): EventInput {
    const key = aggregationKey(involved, { ...event, message: "" });
    const known = similar.get(key);
    const group = known && clock.now() - known.lastMs <= similarForMs / clock.speed ? known : { messages: new Set<string>(), lastMs: 0 };
    group.lastMs = clock.now();
    if (group.messages.size <= distinctMessages) group.messages.add(event.message);
    keep(similar, key, group);
    return group.messages.size > distinctMessages ? { ...event, message: `${combinedPrefix}${event.message}` } : event;
  }

  function remember(key: string, place: { namespace: string; name: string }): void {
    keep(known, key, place);
  }

  for (const event of store.list("events")) {
    const involved: Record<string, string | undefined> = event.involvedObject ?? {};
    const { namespace, name } = event.metadata;
    if (namespace === undefined) continue;
    remember(aggregationKey(involved, { type: event.type, reason: event.reason, message: event.message, component: event.source?.component, host: event.source?.host }), { namespace, name });
  }

  return {
    record(about, given) {
      const involved = involvedObject(about, given.fieldPath);
      const event = combined(involved, given);
      const key = aggregationKey(involved, event);
      const at = toTime(clock.now());
      const place = known.get(key);
      const counted = place && store.modify("events", place.namespace, place.name, { manager }, (draft) => {
        draft.message = event.message;
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
