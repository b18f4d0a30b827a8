"use client";

import dynamic from "next/dynamic";
import { useState } from "react";
import type { ReactNode } from "react";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { keys } from "#components/query/keys.ts";
import { LiveCache } from "#components/query/live-cache.ts";
import type { LiveState } from "#components/query/live-state.ts";
import { RenderedAt } from "#components/query/server-clock.ts";
import type { Trails } from "#components/query/trail.ts";
import { CacheContext } from "#components/query/use-cached.ts";

/** The page shows the true state without it, so what keeps it true is loaded after what shows it. */
const StreamBridge = dynamic(() => import("#components/query/stream-bridge.tsx").then((module) => module.StreamBridge), { ssr: false });

interface PlatformProviderProps {
  /** The state in the first HTML: what the stream goes on from. */
  initial: PlatformSnapshot;
  trails: Trails;
  actorId: string;
  children: ReactNode;
}

/** Holds the one cache of the browser and lets the stream patch it. */
export function PlatformProvider({ initial, trails, actorId, children }: PlatformProviderProps) {
  const [cache] = useState(() => {
    const made = new LiveCache();
    made.set(keys.platform(), initial);
    made.set<LiveState>(keys.live(), { connection: "connecting", heardAt: initial.now, workerSeenAt: initial.workerSeenAt });
    made.set<Trails>(keys.trails(), trails);
    made.markRendered();
    return made;
  });
  return (
    <CacheContext value={cache}>
      <RenderedAt value={Date.parse(initial.now)}>
        <StreamBridge initial={initial} actorId={actorId} />
        {children}
      </RenderedAt>
    </CacheContext>
  );
}
