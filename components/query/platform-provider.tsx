"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { ReactNode } from "react";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { keys } from "#components/query/keys.ts";
import type { LiveState } from "#components/query/live-state.ts";
import { RenderedAt } from "#components/query/server-clock.ts";
import type { Trails } from "#components/query/trail.ts";

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
  const [client] = useState(() => {
    const made = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: Infinity, retry: false, refetchOnWindowFocus: false } } });
    made.setQueryData(keys.platform(), initial);
    made.setQueryData<LiveState>(keys.live(), { connection: "connecting", heardAt: initial.now, workerSeenAt: initial.workerSeenAt });
    made.setQueryData<Trails>(keys.trails(), trails);
    return made;
  });
  return (
    <QueryClientProvider client={client}>
      <RenderedAt value={Date.parse(initial.now)}>
        <StreamBridge initial={initial} actorId={actorId} />
        {children}
      </RenderedAt>
    </QueryClientProvider>
  );
}
