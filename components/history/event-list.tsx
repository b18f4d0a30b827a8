"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ClusterEvent } from "#lib/contracts/history.ts";
import { failureOf, readApi } from "#components/history/history-queries.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { Failure } from "#components/patterns/failure.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { keys } from "#components/query/keys.ts";
import { Button } from "#components/ui/button.tsx";
import { Skeleton } from "#components/ui/skeleton.tsx";

const pageSize = 20;

/** The cluster's events about a Big Pod, newest first, a page at a time. */
export function EventList({ environment, bigPod }: { environment: string; bigPod: string }) {
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching } = useInfiniteQuery({
    queryKey: keys.events(environment, bigPod),
    queryFn: ({ pageParam, signal }) => readApi<{ events: ClusterEvent[]; next: string | null }>("/api/v1/events", { environment, bigPod, limit: String(pageSize), ...(pageParam === null ? {} : { before: pageParam }) }, signal),
    // Safe: the first page has nothing before it, and the type is that of `next`.
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 30_000,
  });
  const failure = error === null ? null : failureOf(error);
  if (data === undefined && failure?.code === "denied") return <Absence kind="forbidden" title={failure.message} />;
  if (data === undefined && failure === null) return <EventsSkeleton />;
  const events = data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      {data === undefined ? null : <EventTable events={events} />}
      {failure === null ? null : (
        <Failure error={failure}>
          <Button size="small" className="mt-2" onClick={() => void (data === undefined ? refetch() : fetchNextPage())} disabledBecause={isFetching ? "It is being asked for again." : null}>
            Ask again
          </Button>
        </Failure>
      )}
      {hasNextPage && failure === null ? (
        <Button size="small" className="justify-self-start" onClick={() => void fetchNextPage()} disabledBecause={isFetching ? "Older events are on their way." : null}>
          Show older events
        </Button>
      ) : null}
    </div>
  );
}

/** One line an event: how serious, what, on which object, how often, how long ago. */
export function EventTable({ events }: { events: readonly ClusterEvent[] }) {
  if (events.length === 0) return <Absence kind="empty" title="The cluster has told of no event">Events are kept from when Vigie first ran, for 90 days.</Absence>;
  return (
    <ul aria-label="Events" className="border-t border-line">
      {events.map((event) => (
        <li key={event.uid} data-event={event.uid} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 border-b border-line py-1.5 text-sm md:grid-cols-[88px_minmax(0,1fr)_auto]">
          {event.type === "Normal" ? <Mark tone="unknown" shape="check" word="normal" className="self-start text-xs" /> : <Mark tone="warn" shape="triangle" word={event.type.toLowerCase()} className="self-start text-xs" />}
          <span className="min-w-0 [overflow-wrap:anywhere] max-md:col-span-2 max-md:row-start-2">
            <b>{event.reason}</b> <span className="text-muted">{event.object}</span>
            {event.count > 1 ? <span className="text-xs text-faint"> ×{event.count}</span> : null}
            <span className="block text-xs text-muted">{event.message}</span>
          </span>
          <Time at={event.lastAt} className="text-xs text-faint" />
        </li>
      ))}
    </ul>
  );
}

export function EventsSkeleton() {
  return (
    <output aria-label="Loading the events" className="grid gap-2 border-t border-line pt-2">
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} className="h-9 w-full" />
      ))}
    </output>
  );
}
