import { ClusterError, type ClusterApi, type ClusterObject, type ObjectList, type ResourceKind } from "#lib/ports/cluster.ts";

export interface CompleteList {
  items: ClusterObject[];
  resourceVersion: string;
}

export interface ListOptions {
  namespace: string | undefined;
  labelSelector: string | undefined;
  pageSize: number;
  /** Until a page begins to come, and longest silence inside it. */
  pageTimeoutMs: number;
  /** What is kept of each object; applied page by page, so that a whole list never stands in memory twice. */
  project: (object: ClusterObject) => ClusterObject;
}

/**
 * Reads every page of a list, or throws: a part of a list is never returned.
 * A continue token that has expired (410) starts over once without pages, as kubernetes.io, "API concepts", advises.
 * @throws ClusterError whose message says how far it came
 */
export async function listAll(api: ClusterApi, kind: ResourceKind, options: ListOptions, signal: AbortSignal): Promise<CompleteList> {
  try {
    return await readPages(api, kind, options, options.pageSize, signal);
  } catch (error) {
    if (!(error instanceof ClusterError && error.reason === "gone")) throw error;
    return readPages(api, kind, options, undefined, signal);
  }
}

async function readPages(api: ClusterApi, kind: ResourceKind, { namespace, labelSelector, pageTimeoutMs, project }: ListOptions, limit: number | undefined, signal: AbortSignal): Promise<CompleteList> {
  const items: ClusterObject[] = [];
  let token: string | null = null;
  for (let page = 1; ; page += 1) {
    const list: ObjectList = await api.list(kind, { namespace, labelSelector, limit, timeoutMs: pageTimeoutMs, ...(token !== null && { continue: token }) }, signal).catch((error: unknown) => {
      throw page === 1 ? error : brokenOff(error, page, items.length);
    });
    for (const item of list.items) items.push(project(item));
    if (list.continue === null) return { items, resourceVersion: list.resourceVersion };
    if (list.continue === token) throw brokenOff(new ClusterError("server", `Cluster ${JSON.stringify(api.name)} gives the same page again and again.`), page, items.length);
    token = list.continue;
  }
}

function brokenOff(error: unknown, page: number, read: number): unknown {
  if (!(error instanceof ClusterError)) return error;
  return new ClusterError(error.reason, `The list is incomplete: it broke off on page ${page} after ${read} objects. ${error.message}`, {
    cause: error,
    ...(error.status !== null && { status: error.status }),
    ...(error.retryAfterMs !== null && { retryAfterMs: error.retryAfterMs }),
  });
}
