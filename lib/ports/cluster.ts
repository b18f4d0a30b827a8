/** One cluster's Kubernetes API, as far as Vigie needs it. Implemented in adapters/kubernetes; everything that is thrown is a ClusterError. */

export interface ResourceKind {
  /** "" for the core group. */
  group: string;
  version: string;
  /** "deployments" */
  plural: string;
}

export const kinds = {
  deployments: { group: "apps", version: "v1", plural: "deployments" },
  replicaSets: { group: "apps", version: "v1", plural: "replicasets" },
  pods: { group: "", version: "v1", plural: "pods" },
  events: { group: "", version: "v1", plural: "events" },
  configMaps: { group: "", version: "v1", plural: "configmaps" },
  services: { group: "", version: "v1", plural: "services" },
  endpointSlices: { group: "discovery.k8s.io", version: "v1", plural: "endpointslices" },
  endpoints: { group: "", version: "v1", plural: "endpoints" },
  horizontalPodAutoscalersV1: { group: "autoscaling", version: "v1", plural: "horizontalpodautoscalers" },
  horizontalPodAutoscalers: { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" },
  nodes: { group: "", version: "v1", plural: "nodes" },
  namespaces: { group: "", version: "v1", plural: "namespaces" },
  persistentVolumeClaims: { group: "", version: "v1", plural: "persistentvolumeclaims" },
  ingresses: { group: "networking.k8s.io", version: "v1", plural: "ingresses" },
  networkPolicies: { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" },
  autoscalers: { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers" },
  jobs: { group: "batch", version: "v1", plural: "jobs" },
  cronJobs: { group: "batch", version: "v1", plural: "cronjobs" },
  certificates: { group: "cert-manager.io", version: "v1", plural: "certificates" },
} as const satisfies Record<string, ResourceKind>;

/** An object as the API sent it: metadata is checked at the edge, the rest is read by the fold with its own guards. */
export interface ClusterObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { kind: string; name: string; uid: string; controller?: boolean }[];
    managedFields?: { manager?: string; operation?: string; time?: string; subresource?: string; fieldsV1?: unknown }[];
  };
  spec?: unknown;
  status?: unknown;
  data?: unknown;
  [field: string]: unknown;
}

export interface ObjectList {
  items: ClusterObject[];
  resourceVersion: string;
  continue: string | null;
}

export type WatchEvent =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: ClusterObject }
  | { type: "BOOKMARK"; resourceVersion: string };

export const clusterErrorReasons = ["unreachable", "timeout", "unauthorized", "forbidden", "not-found", "unsupported", "conflict", "gone", "invalid", "throttled", "server"] as const;
export type ClusterErrorReason = (typeof clusterErrorReasons)[number];

export class ClusterError extends Error {
  readonly reason: ClusterErrorReason;
  readonly status: number | null;
  /** From Retry-After, milliseconds. */
  readonly retryAfterMs: number | null;
  /** True when the request may have been applied although no answer came. */
  readonly outcomeUnknown: boolean;

  constructor(reason: ClusterErrorReason, message: string, options: { status?: number; retryAfterMs?: number; outcomeUnknown?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ClusterError";
    this.reason = reason;
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** A question to a pod that is asked by POST; never one that changes anything. */
export interface PodPost {
  contentType: string;
  body: string;
}

export type PatchType = "strategic-merge" | "merge" | "json";

export interface ClusterApi {
  /** Short name for keys and sentences: the context, or "in-cluster". Unique within a configuration. */
  readonly name: string;
  /** `timeoutMs`: until the answer begins, and longest silence inside it; the connection's own when left out. */
  list(kind: ResourceKind, options: { namespace?: string; labelSelector?: string; fieldSelector?: string; limit?: number; continue?: string; timeoutMs?: number }, signal?: AbortSignal): Promise<ObjectList>;
  /** Ends normally when the server closes the watch; throws ClusterError "gone" on 410 by status or in the stream. Bookmarks are asked for. */
  watch(kind: ResourceKind, options: { namespace?: string; labelSelector?: string; resourceVersion: string; timeoutSeconds: number }, signal: AbortSignal): AsyncIterable<WatchEvent>;
  get(kind: ResourceKind, namespace: string, name: string, signal?: AbortSignal): Promise<ClusterObject>;
  create(kind: ResourceKind, namespace: string, object: Record<string, unknown>, signal?: AbortSignal): Promise<ClusterObject>;
  /** PUT; the object carries metadata.resourceVersion and uid as preconditions. */
  replace(kind: ResourceKind, namespace: string, name: string, object: Record<string, unknown>, signal?: AbortSignal): Promise<ClusterObject>;
  /** DELETE of the very object that was read: any other uid or resourceVersion is a "conflict". */
  remove(kind: ResourceKind, namespace: string, name: string, preconditions: { uid: string; resourceVersion: string }, signal?: AbortSignal): Promise<void>;
  patch(kind: ResourceKind, namespace: string, name: string, type: PatchType, body: unknown, options?: { subresource?: "scale"; dryRun?: boolean }, signal?: AbortSignal): Promise<ClusterObject>;
  /** GET (or POST of `post`, for questions whose protocol wants one) through the pod proxy. Resolves with any HTTP status of the pod; a refused connection inside the pod is { status: 0, body: the server's sentence }. */
  podHttp(namespace: string, pod: string, port: number, path: string, timeoutMs: number, signal?: AbortSignal, post?: PodPost): Promise<{ status: number; body: string }>;
  /** GET through the service proxy, to a port number of the Service; as podHttp otherwise. A Service without ready pods is a ClusterError "server". */
  serviceHttp(namespace: string, service: string, port: number, path: string, timeoutMs: number, signal?: AbortSignal): Promise<{ status: number; body: string }>;
  /** Lines without their newline. Ends when the log ends or the signal fires. */
  podLog(namespace: string, pod: string, options: { container: string; follow: boolean; previous?: boolean; tailLines?: number; timestamps?: boolean }, signal: AbortSignal): AsyncIterable<string>;
  /** GET /version; the cheapest sign of life. */
  version(signal?: AbortSignal): Promise<{ gitVersion: string }>;
  close(): void;
}

/** Field manager of every write. */
export const fieldManager = "vigie";
/** Marks of the operation that wrote an object last. */
export const operationAnnotation = "vigie.dev/operation";
export const epochAnnotation = "vigie.dev/epoch";
