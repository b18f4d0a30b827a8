/** Shapes shared by the sandbox's API server (`kube/`) and the parts that make the world move (`controllers/`, `world/`). */

export interface ManagedFieldsEntry {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  time: string;
  fieldsType: "FieldsV1";
  fieldsV1: Record<string, unknown>;
  subresource?: string;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** Any stored object. `spec`, `status` and `data` stay untyped here: each controller reads the fields it owns. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  // oxlint-disable-next-line typescript/no-explicit-any -- objects of every kind pass through one store
  [field: string]: any;
}

export type StoreEvent = { type: "ADDED" | "MODIFIED" | "DELETED"; resource: string; object: KubeObject };

/** `resource` is the plural with its group where it has one: "pods", "deployments.apps", "jobs.batch". */
export interface Store {
  list(resource: string, namespace?: string): readonly KubeObject[];
  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined;
  /** Fills uid, resourceVersion, creationTimestamp, generation, managedFields, defaults. Throws KubeError (409) when it exists. */
  create(resource: string, object: Partial<KubeObject>, by: WriteOptions): KubeObject;
  /** Replaces. With metadata.resourceVersion set, a different stored version throws KubeError 409. `status` writes only status. */
  update(resource: string, object: KubeObject, by: WriteOptions): KubeObject;
  /** Read, change a private copy, write; the callback may return false to leave it as it is. Undefined when it does not exist. */
  modify(resource: string, namespace: string | undefined, name: string, by: WriteOptions, change: (draft: KubeObject) => void | false): KubeObject | undefined;
  /** Honours finalizers and, for pods, the grace period (sets deletionTimestamp; the kubelet removes it with gracePeriodSeconds 0). */
  delete(resource: string, namespace: string | undefined, name: string, options?: DeleteOptions): KubeObject | undefined;
  /** Every committed change, in order, synchronously after the commit. Returns the function that unsubscribes. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
  readonly resourceVersion: string;
}

export interface WriteOptions {
  manager: string;
  subresource?: "status" | "scale";
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  uid?: string;
  resourceVersion?: string;
}

/** What the API server asks of the nodes: logs of a container and HTTP requests proxied to a pod's port. Implemented by the world. */
export interface NodeBackend {
  /** Lines already written, then (with follow) new ones until the signal fires. `previous`: the terminated instance. Throws KubeError 400/404 as a kubelet would. */
  logs(pod: KubeObject, container: string, options: { follow: boolean; previous: boolean; tailLines?: number; sinceSeconds?: number; sinceTime?: string; timestamps: boolean; limitBytes?: number }, signal: AbortSignal): AsyncIterable<string>;
  /** One request to a port of a pod. A refused connection rejects with an Error whose message is the kernel's ("dial tcp 10.42.1.7:3003: connect: connection refused"). */
  proxy(pod: KubeObject, port: number, request: { method: string; path: string; headers: Record<string, string>; body: Buffer }): Promise<{ status: number; headers: Record<string, string>; body: string }>;
}
