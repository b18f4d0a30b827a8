"use client";

import { createContext, use, useCallback, useSyncExternalStore } from "react";
import type { LiveCache } from "#components/query/live-cache.ts";

export const CacheContext = createContext<LiveCache | null>(null);

export function useCache(): LiveCache {
  const cache = use(CacheContext);
  if (!cache) throw new Error("useCache outside of PlatformProvider");
  return cache;
}

/** What the cache holds under a key that only the stream writes; undefined before it was written. `key` comes from keys.ts. */
export function useCached<Data>(key: readonly unknown[]): Data | undefined {
  const cache = useCache();
  const name = JSON.stringify(key);
  // The text stands for the key: factories make a new array each time.
  // oxlint-disable-next-line react/exhaustive-deps
  const subscribe = useCallback((changed: () => void) => cache.subscribe(key, changed), [cache, name]);
  // oxlint-disable-next-line react/exhaustive-deps
  const read = useCallback(() => cache.get<Data>(key), [cache, name]);
  // oxlint-disable-next-line react/exhaustive-deps
  const readRendered = useCallback(() => cache.rendered<Data>(key), [cache, name]);
  return useSyncExternalStore(subscribe, read, readRendered);
}
