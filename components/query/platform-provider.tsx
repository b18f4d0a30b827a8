"use client";

import { QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { applyEvent } from "#components/query/apply-event.ts";
import { keys } from "#components/query/keys.ts";
import type { LiveState } from "#components/query/live-state.ts";
import { RenderedAt, serverNowMs, setServerTime } from "#components/query/server-clock.ts";
import { openStream } from "#components/query/stream.ts";
import { withRelease } from "#components/query/trail.ts";
import type { Trails } from "#components/query/trail.ts";

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

function StreamBridge({ initial, actorId }: { initial: PlatformSnapshot; actorId: string }) {
  const client = useQueryClient();

  // A refreshed page brings a newer snapshot; an older one than the stream's is ignored.
  useEffect(() => {
    const current = client.getQueryData<PlatformSnapshot>(keys.platform());
    if (!current || initial.position > current.position) client.setQueryData(keys.platform(), initial);
  }, [client, initial]);

  useEffect(() => {
    setServerTime(initial.now);
    return openStream({
      actorId,
      snapshot: () => client.getQueryData<PlatformSnapshot>(keys.platform()) ?? initial,
      onConnection: (connection) => client.setQueryData<LiveState>(keys.live(), (live) => (live ? { ...live, connection } : live)),
      onEvent: (event, position) => {
        if (event.type === "signed-out") {
          location.assign(`/sign-in?error=ended&callbackUrl=${encodeURIComponent(location.pathname + location.search)}`);
          return;
        }
        if (event.type === "beat" || event.type === "snapshot") setServerTime(event.data.now);
        client.setQueryData<LiveState>(keys.live(), (live) => ({
          connection: "open",
          heardAt: new Date(serverNowMs()).toISOString(),
          workerSeenAt: event.type === "beat" || event.type === "snapshot" ? event.data.workerSeenAt : (live?.workerSeenAt ?? null),
        }));
        if (event.type === "beat" || event.type === "ready") return;
        if (event.type === "release") client.setQueryData<Trails>(keys.trails(), (known) => withRelease(known ?? {}, event.data.environment, event.data.release));
        client.setQueryData<PlatformSnapshot>(keys.platform(), (snapshot) => (snapshot ? applyEvent(snapshot, event, position) : snapshot));
      },
    });
    // The stream belongs to the person, not to one rendering of the page.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [client, actorId]);
  return null;
}
