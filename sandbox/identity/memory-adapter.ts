import type { Adapter, AdapterPayload } from "oidc-provider";

interface Entry {
  payload: AdapterPayload;
  expiresAtMs: number;
}

/**
 * Where the provider keeps sessions, codes and tokens: in memory, one store per provider. After a restart people sign in
 * again with one click. Contract: https://github.com/panva/node-oidc-provider/blob/main/example/my_adapter.js
 */
export function createMemoryAdapters(): (model: string) => Adapter {
  const entries = new Map<string, Entry>();

  function live(key: string): AdapterPayload | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.expiresAtMs > Date.now()) return entry?.payload;
    entries.delete(key);
    return undefined;
  }

  function sweep(): void {
    for (const key of entries.keys()) live(key);
  }

  function search(model: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const key of entries.keys()) {
      const payload = key.startsWith(`${model}:`) ? live(key) : undefined;
      if (payload !== undefined && matches(payload)) return payload;
    }
    return undefined;
  }

  return (model) => ({
    async upsert(id, payload, expiresInSeconds) {
      sweep();
      entries.set(`${model}:${id}`, { payload, expiresAtMs: expiresInSeconds ? Date.now() + expiresInSeconds * 1000 : Number.POSITIVE_INFINITY });
    },
    find: async (id) => live(`${model}:${id}`),
    findByUid: async (uid) => search(model, (payload) => payload.uid === uid),
    findByUserCode: async (userCode) => search(model, (payload) => payload.userCode === userCode),
    async consume(id) {
      const payload = live(`${model}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      entries.delete(`${model}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, entry] of entries) if (entry.payload.grantId === grantId) entries.delete(key);
    },
  });
}
