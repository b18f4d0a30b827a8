"use client";

import { useCallback, useRef, useState } from "react";
import type { TimelineEntry } from "#lib/contracts/incident.ts";

const fetchTimeoutMs = 10_000;

interface Older {
  entries: readonly TimelineEntry[];
  next: number | null;
}

/** Pages of a timeline behind the first one, asked for one by one. Entries never change, so what was read stays right. */
export function useOlderEntries(number: number, first: readonly TimelineEntry[], next: number | null) {
  const [older, setOlder] = useState<Older | null>(null);
  const [state, setState] = useState<"idle" | "loading" | "failed">("idle");
  const busy = useRef(false);
  // What the first page let go of as it grew stays, because the first reading is kept.
  const [kept] = useState({ entries: first, next });
  const before = older === null ? kept.next : older.next;

  const loadOlder = useCallback(async () => {
    if (busy.current || before === null) return;
    busy.current = true;
    setState("loading");
    try {
      const response = await fetch(`/api/v1/incidents/${number}/timeline?before=${before}`, { signal: AbortSignal.timeout(fetchTimeoutMs), headers: { accept: "application/json" } });
      if (!response.ok) throw new Error(`timeline of incident ${number}: ${response.status}`);
      // Safe: our own server's answer, made from the schema that the type is inferred from.
      const page = (await response.json()) as { timeline: TimelineEntry[]; next: number | null };
      setOlder((known) => ({ entries: [...(known?.entries ?? []), ...page.timeline], next: page.next }));
      setState("idle");
    } catch {
      setState("failed");
    }
    busy.current = false;
  }, [number, before]);

  return { older: [...kept.entries, ...(older?.entries ?? [])], more: before !== null, loading: state === "loading", failed: state === "failed", loadOlder };
}
