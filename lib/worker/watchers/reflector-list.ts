import { ClusterError, type ClusterApi, type ClusterObject, type ObjectList, type ResourceKind } from "#lib/ports/cluster.ts";

export interface CompleteList {
  items: ClusterObject[];
  resourceVersion: string;
}

/**
 * Reads every page of a list, or throws: a part of a list is never returned.
 * A continue token that has expired (410) starts over once without pages, as kubernetes.io, "API concepts", advises.
 * @throws ClusterError whose message says how far it came
 */
export async function listAll(api: ClusterApi, kind: ResourceKind, options: { namespace: string | undefined; labelSelector: string | undefined; pageSize: number }, signal: AbortSignal): Promise<CompleteList> {
  const { pageSize, ...scope } = options;
  try {
    return await readPages(api, kind, scope, pageSize, signal);
  } catch (error) {
    if (!(error instanceof ClusterError && error.reason === "gone")) throw error;
    return readPages(api, kind, scope, undefined, signal);
  }
}

async function readPages(api: ClusterApi, kind: ResourceKind, scope: { namespace: string | undefined; labelSelector: string | undefined }, limit: number | undefined, signal: AbortSignal): Promise<CompleteList> {
  const items: ClusterObject[] = [];
  let token: string | null = null;
  for (let page = 1; ; page += 1) {
    const list: ObjectList = await api.list(kind, { ...scope, limit, ...(token !== null && { continue: token }) }, signal).catch((error: unknown) => {
      throw page === 1 ? error : brokenOff(error, page, items.length);
    });
    items.push(...list.items);
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
