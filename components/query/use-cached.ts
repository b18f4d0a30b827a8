"use client";

import { hashKey, useQueryClient } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";

/**
 * What the cache holds under a key that only the stream writes; undefined before it was written. `useQuery` would do the same and bring
 * its whole machinery of fetching and retrying into the first load, which nothing here needs.
 */
export function useCached<Data>(key: readonly unknown[]): Data | undefined {
  const client = useQueryClient();
  const hash = hashKey(key);
  const subscribe = useCallback(
    (changed: () => void) => client.getQueryCache().subscribe((event) => (event.query.queryHash === hash && event.type === "updated" ? changed() : undefined)),
    [client, hash],
  );
  // Safe: the factory of a key and the type it is read as stand side by side in use-platform.ts and trail.ts.
  const read = useCallback(() => client.getQueryCache().get(hash)?.state.data as Data | undefined, [client, hash]);
  return useSyncExternalStore(subscribe, read, read);
}
