"use client";

import { useEffect } from "react";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { applyEvent } from "#components/query/apply-event.ts";
import { keys } from "#components/query/keys.ts";
import type { LiveState } from "#components/query/live-state.ts";
import { serverNowMs, setServerTime } from "#components/query/server-clock.ts";
import { afterSignedOut } from "#components/query/signed-out.ts";
import { openStream } from "#components/query/stream.ts";
import { withRelease } from "#components/query/trail.ts";
import type { Trails } from "#components/query/trail.ts";
import { useCache } from "#components/query/use-cached.ts";

/** Lets the stream patch the one cache of the browser. */
export function StreamBridge({ initial, actorId }: { initial: PlatformSnapshot; actorId: string }) {
  const cache = useCache();

  // A refreshed page brings a newer snapshot; an older one than the stream's is ignored.
  useEffect(() => {
    const current = cache.get<PlatformSnapshot>(keys.platform());
    if (!current || initial.position > current.position) cache.set(keys.platform(), initial);
  }, [cache, initial]);

  useEffect(() => {
    setServerTime(initial.now);
    // A hidden tab folds what comes and draws it when it is looked at again.
    let unseen: { snapshot: PlatformSnapshot | null; live: LiveState | null } = { snapshot: null, live: null };
    const snapshotNow = () => unseen.snapshot ?? cache.get<PlatformSnapshot>(keys.platform()) ?? initial;
    const liveNow = () => unseen.live ?? cache.get<LiveState>(keys.live());
    const draw = () => {
      if (document.visibilityState === "hidden") return;
      const { snapshot, live } = unseen;
      unseen = { snapshot: null, live: null };
      if (snapshot) cache.set(keys.platform(), snapshot);
      if (live) cache.set(keys.live(), live);
    };
    document.addEventListener("visibilitychange", draw);
    const close = openStream({
      actorId,
      snapshot: snapshotNow,
      onConnection: (connection) => {
        const live = liveNow();
        if (live) unseen.live = { ...live, connection };
        draw();
      },
      onEvent: (event, position) => {
        if (event.type === "signed-out") {
          void afterSignedOut(actorId);
          return;
        }
        const told = event.type === "beat" || event.type === "snapshot" ? event.data : null;
        if (told) setServerTime(told.now);
        unseen.live = { connection: "open", heardAt: new Date(serverNowMs()).toISOString(), workerSeenAt: told ? told.workerSeenAt : (liveNow()?.workerSeenAt ?? null) };
        if (event.type === "release") cache.set<Trails>(keys.trails(), withRelease(cache.get<Trails>(keys.trails()) ?? {}, event.data.environment, event.data.release));
        const before = snapshotNow();
        const after = applyEvent(before, event, position);
        if (after !== before) unseen.snapshot = after;
        draw();
      },
    });
    return () => {
      document.removeEventListener("visibilitychange", draw);
      close();
    };
    // The stream belongs to the person, not to one rendering of the page.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [cache, actorId]);
  return null;
}
