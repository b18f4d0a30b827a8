import { describe, expect, it, onTestFinished } from "vitest";
import { ClusterError, fieldManager, kinds, type ClusterApi, type ClusterErrorReason, type ClusterObject, type ResourceKind, type WatchEvent } from "#lib/ports/cluster.ts";

/**
 * The Kubernetes semantics that Vigie relies on, held against any server. Rollouts are in contract-rollout.ts.
 * Sources: kubernetes.io, "API concepts" and "Deployments".
 */

export interface ContractTarget {
  /** May do everything in the namespace. */
  api: ClusterApi;
  /** Known to the server, but may neither read Secrets nor write anything. */
  reader: ClusterApi;
  /** With a token the server does not know. */
  expired: ClusterApi;
  /** Exists, is empty and belongs to this run. */
  namespace: string;
  /** Images the server's nodes run well: an older and a newer one. */
  images: readonly [string, string];
  /** Changes a pod template so that its first container keeps exiting with an error. */
  breakTemplate(template: PodTemplate): PodTemplate;
  remove(kind: ResourceKind, name: string): Promise<void>;
  /** Makes the server forget history before now (for events), where one can. */
  expireHistory?: () => Promise<void>;
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: { containers: { name: string; image: string; [field: string]: unknown }[]; [field: string]: unknown };
}

/** The reason of the ClusterError that is thrown; anything else fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<ClusterError> {
  const error = await promise.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ClusterError)) throw error;
  return error;
}

/** Everything a stream gives. */
export async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

async function expectReason(promise: Promise<unknown>, reason: ClusterErrorReason): Promise<ClusterError> {
  const error = await refusal(promise);
  expect(error.reason, error.message).toBe(reason);
  return error;
}

let serial = 0;
/** A name no other test of this run uses. */
export function uniqueName(stem: string): string {
  serial += 1;
  return `${stem}-${process.pid.toString(36)}-${serial}`;
}

export function configMap(name: string, data: Record<string, string>, labels: Record<string, string> = {}): Record<string, unknown> {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data };
}

/** Collects from a watch until `enough` says so; the signal is the end of the test. */
async function collect(events: AsyncIterable<WatchEvent>, enough: (events: WatchEvent[]) => boolean): Promise<WatchEvent[]> {
  const seen: WatchEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (enough(seen)) break;
  }
  return seen;
}

const secrets: ResourceKind = { group: "", version: "v1", plural: "secrets" };
const brief = (events: readonly WatchEvent[]) => events.flatMap((event) => (event.type === "BOOKMARK" ? [] : [`${event.type} ${event.object.metadata.name}`]));

/** `keepsHistory`: why this server's history cannot be made to expire, where it cannot. */
export function kubernetesContract(title: string, target: () => ContractTarget, keepsHistory: string | null = null): void {
  const maps = kinds.configMaps;
  const create = async (stem: string, data: Record<string, string>, labels: Record<string, string> = {}) =>
    target().api.create(maps, target().namespace, configMap(uniqueName(stem), data, labels));

  describe(`${title}: lists`, () => {
    it("gives every object once over all pages, and a version to watch from", async () => {
      const { api, namespace } = target();
      const label = uniqueName("paged");
      const made = await Promise.all(Array.from({ length: 7 }, (_, index) => create("page", { n: String(index) }, { suite: label })));
      const seen: string[] = [];
      let token: string | null = null;
      let pages = 0;
      do {
        const page: Awaited<ReturnType<ClusterApi["list"]>> = await api.list(maps, { namespace, labelSelector: `suite=${label}`, limit: 3, ...(token !== null && { continue: token }) });
        expect(page.resourceVersion).toMatch(/^\d+$/);
        seen.push(...page.items.map((item) => item.metadata.uid));
        token = page.continue;
        pages += 1;
      } while (token !== null && pages < 10);
      expect(pages).toBe(3);
      expect(seen.toSorted()).toEqual(made.map((object) => object.metadata.uid).toSorted());
    });

    it("tells an API that is not served from a namespace that is empty or missing", async () => {
      const { api, namespace } = target();
      expect((await expectReason(api.list({ group: "nobody.example", version: "v1", plural: "things" }, { namespace }), "unsupported")).status).toBe(404);
      await expectReason(api.list({ group: "apps", version: "v1", plural: "things" }, { namespace }), "unsupported");
      expect((await api.list(maps, { namespace: uniqueName("nowhere") })).items).toEqual([]);
    });

    it("says its version", async () => {
      expect((await target().api.version()).gitVersion).toMatch(/^v1\.\d+/);
    });
  });

  describe(`${title}: watches`, () => {
    const open = (api: ClusterApi, options: { labelSelector: string; resourceVersion: string; timeoutSeconds?: number }) => {
      const ending = new AbortController();
      onTestFinished(() => ending.abort());
      return api.watch(maps, { namespace: target().namespace, timeoutSeconds: 20, ...options }, ending.signal);
    };

    it("starts with a bookmark, then gives what comes after the version, in order, and nothing before it", async () => {
      const { api, namespace, remove } = target();
      const label = uniqueName("watched");
      await create("before", {}, { suite: label });
      const { resourceVersion } = await api.list(maps, { namespace });
      const events = collect(open(api, { labelSelector: `suite=${label}`, resourceVersion }), (seen) => brief(seen).length === 3);
      const made = await create("after", { a: "1" }, { suite: label });
      const { name } = made.metadata;
      await api.patch(maps, namespace, name, "merge", { data: { a: "2" } });
      await remove(maps, name);
      const seen = await events;
      expect(seen[0]).toEqual({ type: "BOOKMARK", resourceVersion });
      expect(brief(seen)).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
      const versions = seen.flatMap((event) => (event.type === "BOOKMARK" ? [] : [Number(event.object.metadata.resourceVersion)]));
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size).toBe(3);
    });

    it("goes on from any version without a gap or a repetition", async () => {
      const { api, namespace } = target();
      const label = uniqueName("resumed");
      const { resourceVersion } = await api.list(maps, { namespace });
      const first = await create("one", {}, { suite: label });
      const second = await create("two", {}, { suite: label });
      const all = await collect(open(api, { labelSelector: `suite=${label}`, resourceVersion }), (seen) => brief(seen).length === 2);
      expect(brief(all)).toEqual([`ADDED ${first.metadata.name}`, `ADDED ${second.metadata.name}`]);
      const rest = await collect(open(api, { labelSelector: `suite=${label}`, resourceVersion: first.metadata.resourceVersion }), (seen) => brief(seen).length === 1);
      expect(brief(rest)).toEqual([`ADDED ${second.metadata.name}`]);
    });

    it("ends by itself after the seconds asked for", async () => {
      const { api, namespace } = target();
      const { resourceVersion } = await api.list(maps, { namespace });
      const startedAt = performance.now();
      const seen = await collect(open(api, { labelSelector: `suite=${uniqueName("quiet")}`, resourceVersion, timeoutSeconds: 1 }), () => false);
      expect(brief(seen)).toEqual([]);
      expect(performance.now() - startedAt).toBeGreaterThan(900);
      expect(performance.now() - startedAt).toBeLessThan(4_000);
    });

    it("is refused for what is forbidden or not served", async () => {
      const { reader, api, namespace } = target();
      const forbidden = reader.watch(secrets, { namespace, resourceVersion: "1", timeoutSeconds: 2 }, new AbortController().signal);
      await expectReason(collect(forbidden, () => true), "forbidden");
      const nothing = api.watch({ group: "nobody.example", version: "v1", plural: "things" }, { resourceVersion: "1", timeoutSeconds: 2 }, new AbortController().signal);
      await expectReason(collect(nothing, () => true), "unsupported");
    });

    const forgotten = "says gone for a version whose history is forgotten, and for a page of a forgotten list";
    if (keepsHistory !== null) it.skip(`${forgotten} (not run: ${keepsHistory})`, () => undefined);
    else it(forgotten, async () => {
      const { api, namespace, expireHistory } = target();
      if (expireHistory === undefined) throw new Error("the target cannot make its history expire, and does not say why");
      const make = async (index: number) =>
        api.create(kinds.events, namespace, {
          apiVersion: "v1",
          kind: "Event",
          metadata: { name: uniqueName(`event-${index}`) },
          involvedObject: { kind: "Pod", namespace, name: "nobody" },
          reason: "Contract",
          message: "history",
          type: "Normal",
        });
      for (const index of [1, 2, 3]) await make(index);
      const page = await api.list(kinds.events, { namespace, limit: 1 });
      await make(4);
      await expireHistory();
      const watch = api.watch(kinds.events, { namespace, resourceVersion: "2", timeoutSeconds: 5 }, new AbortController().signal);
      await expectReason(collect(watch, () => false), "gone");
      await expectReason(api.list(kinds.events, { namespace, limit: 1, continue: page.continue ?? "" }), "gone");
    });
  });

  describe(`${title}: single objects`, () => {
    it("tells a missing object from a missing API", async () => {
      const { api, namespace } = target();
      await expectReason(api.get(maps, namespace, uniqueName("nobody")), "not-found");
      await expectReason(api.get({ group: "apps", version: "v1", plural: "things" }, namespace, "nobody"), "unsupported");
      await expectReason(api.create(maps, uniqueName("nowhere"), configMap("x", {})), "not-found");
    });

    it("creates once: the second time is a conflict", async () => {
      const { api, namespace } = target();
      const made = await create("once", { a: "1" });
      await expectReason(api.create(maps, namespace, configMap(made.metadata.name, { a: "2" })), "conflict");
      expect((await api.get(maps, namespace, made.metadata.name)).data).toEqual({ a: "1" });
    });

    it("replaces only the version and the object it was given", async () => {
      const { api, namespace } = target();
      const made = await create("replaced", { a: "1" });
      const whole = (object: ClusterObject, metadata: Partial<ClusterObject["metadata"]>, data: Record<string, string>) => ({ ...object, apiVersion: "v1", kind: "ConfigMap", data, metadata: { ...object.metadata, ...metadata } });
      const name = made.metadata.name;
      const second = await api.replace(maps, namespace, name, whole(made, {}, { b: "2" }));
      expect(second.data).toEqual({ b: "2" });
      await expectReason(api.replace(maps, namespace, name, whole(made, {}, { c: "3" })), "conflict");
      await expectReason(api.replace(maps, namespace, name, whole(second, { uid: "00000000-0000-4000-8000-000000000000" }, { c: "3" })), "conflict");
      expect((await api.get(maps, namespace, name)).data).toEqual({ b: "2" });
    });

    it("deletes only the version and the object it was given, once", async () => {
      const { api, namespace } = target();
      const made = await create("deleted", { a: "1" });
      const { name, uid, resourceVersion } = made.metadata;
      const changed = await api.patch(maps, namespace, name, "merge", { data: { a: "2" } });
      await expectReason(api.remove(maps, namespace, name, { uid, resourceVersion }), "conflict");
      await expectReason(api.remove(maps, namespace, name, { uid: "00000000-0000-4000-8000-000000000000", resourceVersion: changed.metadata.resourceVersion }), "conflict");
      expect((await api.get(maps, namespace, name)).data).toEqual({ a: "2" });
      await api.remove(maps, namespace, name, { uid, resourceVersion: changed.metadata.resourceVersion });
      await expectReason(api.remove(maps, namespace, name, { uid, resourceVersion: changed.metadata.resourceVersion }), "not-found");
    });

    it("merges: null removes, the rest stays; uid and version are preconditions", async () => {
      const { api, namespace } = target();
      const made = await create("merged", { a: "1", b: "2" });
      const { name, uid, resourceVersion } = made.metadata;
      const changed = await api.patch(maps, namespace, name, "merge", { metadata: { uid, resourceVersion }, data: { a: null, c: "3" } });
      expect(changed.data).toEqual({ b: "2", c: "3" });
      await expectReason(api.patch(maps, namespace, name, "merge", { metadata: { resourceVersion }, data: { d: "4" } }), "conflict");
      await expectReason(api.patch(maps, namespace, name, "merge", { metadata: { uid: "00000000-0000-4000-8000-000000000000" }, data: { d: "4" } }), "conflict");
      expect((await api.get(maps, namespace, name)).data).toEqual({ b: "2", c: "3" });
    });

    it("patches by JSON Patch, all or nothing", async () => {
      const { api, namespace } = target();
      const made = await create("json", { a: "1" });
      const { name, resourceVersion } = made.metadata;
      const changed = await api.patch(maps, namespace, name, "json", [{ op: "test", path: "/metadata/resourceVersion", value: resourceVersion }, { op: "test", path: "/data/a", value: "1" }, { op: "replace", path: "/data/a", value: "2" }]);
      expect(changed.data).toEqual({ a: "2" });
      await expectReason(api.patch(maps, namespace, name, "json", [{ op: "add", path: "/data/b", value: "x" }, { op: "test", path: "/data/a", value: "1" }]), "invalid");
      expect((await api.get(maps, namespace, name)).data).toEqual({ a: "2" });
    });

    it("names Vigie as the manager of what it writes", async () => {
      const { api, namespace } = target();
      const made = await create("managed", { a: "1" });
      const changed = await api.patch(maps, namespace, made.metadata.name, "merge", { data: { a: "2" } });
      expect(changed.metadata.managedFields?.map((entry) => entry.manager)).toContain(fieldManager);
    });

    it("tries a patch without doing it", async () => {
      const { api, namespace } = target();
      const made = await create("dry", { a: "1" });
      const tried = await api.patch(maps, namespace, made.metadata.name, "merge", { data: { a: "2" } }, { dryRun: true });
      expect(tried.data).toEqual({ a: "2" });
      const kept = await api.get(maps, namespace, made.metadata.name);
      expect(kept.data).toEqual({ a: "1" });
      expect(kept.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    });
  });

  describe(`${title}: refusals`, () => {
    it("says who may not do what, in the server's words", async () => {
      const { reader, namespace } = target();
      const listed = await expectReason(reader.list(secrets, { namespace }), "forbidden");
      expect(listed.status).toBe(403);
      expect(listed.message).toContain("secrets is forbidden");
      const written = await expectReason(reader.patch(kinds.deployments, namespace, "core", "merge", {}), "forbidden");
      expect(written.outcomeUnknown).toBe(false);
    });

    it("tells credentials that are not accepted from rights that are missing", async () => {
      const { expired, namespace } = target();
      const error = await expectReason(expired.list(kinds.pods, { namespace }), "unauthorized");
      expect(error.status).toBe(401);
      expect(error.message).toContain("expired");
    });

    it("says that a pod or a Service does not exist when its log or its port is asked for", async () => {
      const { api, namespace } = target();
      const pod = uniqueName("nobody");
      await expectReason(api.podHttp(namespace, pod, 3001, "/health", 5_000), "not-found");
      await expectReason(api.serviceHttp(namespace, pod, 3001, "/health", 5_000), "not-found");
      const log = api.podLog(namespace, pod, { container: "app", follow: false }, new AbortController().signal);
      await expectReason(drain(log), "not-found");
    });
  });
}
