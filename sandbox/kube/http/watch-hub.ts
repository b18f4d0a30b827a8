import type { ServerResponse } from "node:http";
import { badRequest, expired, invalid, KubeError, statusOf } from "#sandbox/kube/errors.ts";
import type { Faults } from "#sandbox/kube/faults.ts";
import type { ApiCall } from "#sandbox/kube/http/api-context.ts";
import { countOf, matcherOf, versionOf } from "#sandbox/kube/http/list-options.ts";
import { negotiate, type Representation } from "#sandbox/kube/http/negotiate.ts";
import { includeObject } from "#sandbox/kube/http/read.ts";
import { isTrue } from "#sandbox/kube/http/request-info.ts";
import { prohibited } from "#sandbox/kube/objects/causes.ts";
import { jsonText } from "#sandbox/kube/objects/json.ts";
import type { ResourceInfo } from "#sandbox/kube/objects/resources.ts";
import type { Matcher } from "#sandbox/kube/objects/selectors.ts";
import type { ApiStore } from "#sandbox/kube/store.ts";
import type { Change } from "#sandbox/kube/store/history.ts";
import { partialText, tableText, type IncludeObject } from "#sandbox/kube/tables/table.ts";
import type { KubeObject, StoreEvent } from "#sandbox/kube/types.ts";

interface Watcher {
  resource: ResourceInfo;
  namespace: string | undefined;
  matches: Matcher | undefined;
  /** Changes up to this version are known to the client. */
  since: number;
  as: Representation;
  include: IncludeObject;
  response: ServerResponse;
  headersPending: boolean;
  /** Opened or kept through a silence: nothing may come after the gap, so it stays mute until it is cut. */
  mute: boolean;
  timers: NodeJS.Timeout[];
}

export interface WatchHub {
  open(call: ApiCall): void;
  count(): number;
  stop(): void;
}

const BOOKMARK_MS = 60_000;
const DEFAULT_TIMEOUT_SECONDS = 1800;
/** A client that reads this far behind is cut: it can resume from its last version. */
const MAX_BACKLOG_BYTES = 32 * 1024 * 1024;

/** Fans committed changes out to open watches. Each change is written as text once per form, whatever the number of watchers. */
export function createWatchHub(store: ApiStore, faults: Faults): WatchHub {
  const watchers = new Map<string, Set<Watcher>>();

  function cutAll(): void {
    for (const group of watchers.values()) for (const watcher of group) watcher.response.destroy();
  }

  const stopListening = [
    store.onChange((change) => {
      const frames: Frames = new Map();
      for (const watcher of watchers.get(change.resource.key) ?? []) deliver(watcher, change, frames);
    }),
    faults.onAction((action) => {
      if (action === "dropWatches") cutAll();
      else store.expireHistory();
    }),
    faults.onChange((before, after) => {
      if (after.silentWatches && !before.silentWatches) for (const group of watchers.values()) for (const watcher of group) watcher.mute = true;
      if (before.silentWatches && !after.silentWatches) for (const group of watchers.values()) for (const watcher of group) if (watcher.mute) watcher.response.destroy();
    }),
  ];

  type Frames = Map<string, Buffer>;

  function write(watcher: Watcher, type: string, object: KubeObject, frames: Frames | undefined): void {
    if (watcher.mute || isOver(watcher.response)) return;
    if (watcher.response.writableLength > MAX_BACKLOG_BYTES) {
      watcher.response.destroy();
      return;
    }
    const headers = watcher.headersPending;
    const key = `${type} ${watcher.as} ${watcher.include} ${headers}`;
    let frame = frames?.get(key);
    if (!frame) {
      frame = Buffer.from(`{"type":"${type}","object":${renderEvent(watcher, object, headers)}}\n`);
      frames?.set(key, frame);
    }
    watcher.headersPending = false;
    watcher.response.write(frame);
  }

  function renderEvent({ as, resource, include }: Watcher, object: KubeObject, headers: boolean): string {
    if (as === "table") return tableText(resource, [object], { resourceVersion: object.metadata.resourceVersion }, include, store.now(), headers);
    return as === "metadata" ? partialText(object) : jsonText(object);
  }

  function deliver(watcher: Watcher, change: Change, frames: Frames): void {
    const { object, previous } = change;
    if (change.version <= watcher.since) return;
    if (watcher.namespace !== undefined && object.metadata.namespace !== watcher.namespace) return;
    if (!watcher.matches) {
      write(watcher, change.type, object, frames);
      return;
    }
    const was = previous !== undefined && watcher.matches(previous);
    const is = change.type !== "DELETED" && watcher.matches(object);
    const type: StoreEvent["type"] | undefined = is ? (was ? "MODIFIED" : "ADDED") : was ? "DELETED" : undefined;
    if (!type) return;
    // Leaving the selection shows the last state that was selected, at the version of the change.
    if (type === "DELETED" && change.type !== "DELETED" && previous) {
      const left = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(change.version) } };
      write(watcher, type, left, undefined);
    } else {
      write(watcher, type, object, frames);
    }
  }

  function bookmark(watcher: Watcher, initialEventsEnd = false): void {
    if (watcher.mute || isOver(watcher.response)) return;
    const metadata = { resourceVersion: store.resourceVersion, creationTimestamp: null, ...(initialEventsEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}) };
    const object = watcher.as === "table"
      ? { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata, columnDefinitions: null, rows: [] }
      : watcher.as === "metadata" ? { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata } : { kind: watcher.resource.kind, apiVersion: watcher.resource.apiVersion, metadata };
    watcher.response.write(`{"type":"BOOKMARK","object":${JSON.stringify(object)}}\n`);
  }

  function open(call: ApiCall): void {
    const { info, resource, namespace, response } = call;
    const { query } = info;
    const negotiated = negotiate(call.request);
    if (negotiated.syntax !== "json") throw new KubeError(406, "NotAcceptable", "only the following media types are accepted: application/json;stream=watch");
    const current = Number(store.resourceVersion);
    // A version of the future is no error here: the watch is quiet until then.
    const since = versionOf(query);
    const wantsInitial = checkInitialEvents(resource, query, since);
    const bookmarks = isTrue(query.get("allowWatchBookmarks") ?? "false");
    const timeoutSeconds = countOf(query, "timeoutSeconds") || DEFAULT_TIMEOUT_SECONDS;
    const watcher: Watcher = {
      resource, namespace, matches: watchMatcher(call), since: wantsInitial ? 0 : (since ?? 0), as: negotiated.as, include: includeObject(query), response, headersPending: true, mute: faults.state().silentWatches, timers: [],
    };
    let backlog: readonly Change[] = [];
    let refusal: KubeError | undefined;
    if (!wantsInitial) {
      try {
        backlog = store.changesSince(resource, Math.min(since ?? current, current));
      } catch (error) {
        if (!(error instanceof KubeError) || faults.state().expiredWatch === "status") throw error;
        refusal = error;
      }
    }
    response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-cache, private" });
    response.flushHeaders();
    if (refusal) {
      response.end(`{"type":"ERROR","object":${JSON.stringify(statusOf(refusal))}}\n`);
      return;
    }
    // The client may have left while the request waited: then "close" has been and would never take the watcher away.
    if (isOver(response)) return;
    response.socket?.setNoDelay(true);
    register(watcher);
    if (wantsInitial) {
      for (const object of store.snapshot(resource, namespace).objects) if (!watcher.matches || watcher.matches(object)) write(watcher, "ADDED", object, undefined);
      if (query.get("sendInitialEvents") && isTrue(query.get("sendInitialEvents"))) bookmark(watcher, true);
    }
    for (const change of backlog) deliver(watcher, change, new Map());
    if (bookmarks) watcher.timers.push(setInterval(() => bookmark(watcher), BOOKMARK_MS));
    watcher.timers.push(setTimeout(() => {
      // A muted watch is a connection on which nothing comes any more, so its end does not come either.
      if (watcher.mute) return;
      if (bookmarks) bookmark(watcher);
      // It stays registered until a slow client has read the rest: until then a dropped connection cuts it too.
      if (!isOver(response)) response.end();
    }, timeoutSeconds * 1000));
  }

  function register(watcher: Watcher): void {
    const group = watchers.get(watcher.resource.key) ?? new Set<Watcher>();
    watchers.set(watcher.resource.key, group);
    group.add(watcher);
    watcher.response.on("close", () => {
      group.delete(watcher);
      for (const timer of watcher.timers) clearTimeout(timer);
    });
  }

  return {
    open,
    count: () => [...watchers.values()].reduce((sum, group) => sum + group.size, 0),
    stop() {
      for (const stop of stopListening) stop();
      cutAll();
    },
  };
}

/** Whether nothing can be written any more: ended by us (perhaps not sent yet), or the connection is gone. */
function isOver(response: ServerResponse): boolean {
  return response.writableEnded || response.destroyed;
}

/** A watch of one object by its path is a watch of its name. */
function watchMatcher({ info, resource, name }: ApiCall): Matcher | undefined {
  const selected = matcherOf(resource.key, info.query);
  if (name === "") return selected;
  return (object) => object.metadata.name === name && (!selected || selected(object));
}

/** Whether the watch starts with the current objects. Throws KubeError 400/422 on options that do not go together. */
function checkInitialEvents(resource: ResourceInfo, query: URLSearchParams, since: number | undefined): boolean {
  const asked = query.get("sendInitialEvents");
  const match = query.get("resourceVersionMatch");
  const scope = { ...resource, kind: "ListOptions", group: "meta.k8s.io" };
  if (asked === null || asked === "") {
    if (match) throw invalid(scope, "", [prohibited("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]);
    return since === undefined || since === 0;
  }
  if (match !== "NotOlderThan") throw invalid(scope, "", [prohibited("resourceVersionMatch", 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')]);
  if (asked !== "true" && asked !== "false") throw badRequest(`sendInitialEvents must be true or false, got ${JSON.stringify(asked)}`);
  if (asked === "false" && since === 0) throw expired("a watch without initial events needs the version to start from");
  return asked === "true";
}
