import type { Reflector } from "#lib/worker/watchers/reflector.ts";

/** A Reflector of one kind in two API versions: the older is watched once the cluster has said that it does not serve the newer. */
export function eitherVersion(newer: Reflector, older: Reflector): Reflector {
  let using = newer;
  let stopped = false;
  /** Asked at every look: sources call back when they change, and whoever hears of it looks here. */
  function current(): Reflector {
    if (using === newer && !stopped && newer.source().status === "unsupported") {
      using = older;
      void newer.stop();
      older.start();
    }
    return using;
  }
  return {
    start: () => newer.start(),
    async stop() {
      stopped = true;
      await Promise.all([newer.stop(), older.stop()]);
    },
    items: () => current().items(),
    ownedBy: (uid) => current().ownedBy(uid),
    source: () => current().source(),
    listed: () => current().listed(),
  };
}
