"use client";

import { createContext, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import type { Incident } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { useLiveIncident } from "#components/query/use-platform.ts";

const pauseMs = 250;
const fetchTimeoutMs = 10_000;

export interface LiveIncidentView {
  incident: Incident;
  /** Reads it again, now; resolves when what was done is on the screen, or could not be read. */
  refresh: () => Promise<void>;
}

interface Reading {
  /** The page's own reading it came after: a later page takes its place. */
  after: Incident;
  value: Incident;
  /** What the stream had told when this was asked for; a newer summary is laid over it. */
  summary: IncidentSummary | undefined;
}

const Context = createContext<LiveIncidentView | null>(null);

/** An incident's page, kept current: the stream says that it moved, then all of it is read again, one request at a time. */
export function IncidentProvider({ initial, children }: { initial: Incident; children: ReactNode }) {
  const { number } = initial;
  const summary = useLiveIncident(number);
  const [first] = useState(summary);
  const [read, setRead] = useState<Reading | null>(null);
  const known = useRef({ initial, summary });
  const reading = useRef<Promise<void> | null>(null);
  const again = useRef(false);

  useEffect(() => {
    known.current = { initial, summary };
  });

  const refresh = useCallback(async (): Promise<void> => {
    if (reading.current !== null) {
      again.current = true;
      return reading.current;
    }
    const run = async (): Promise<void> => {
      do {
        again.current = false;
        const { initial: after, summary: told } = known.current;
        // oxlint-disable-next-line no-await-in-loop -- one request at a time, on purpose
        const value = await fetchIncident(number).catch(() => null);
        if (value) setRead({ after, value, summary: told });
        // oxlint-disable-next-line no-await-in-loop -- a storm of signals must not become a storm of requests
        if (again.current) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      } while (again.current);
      reading.current = null;
    };
    reading.current = run();
    return reading.current;
  }, [number]);

  const seen = useRef(summary);
  useEffect(() => {
    if (summary === seen.current) return;
    seen.current = summary;
    if (summary !== undefined) void refresh();
  }, [summary, refresh]);

  const view = useMemo(() => {
    const current = read !== null && read.after === initial ? read : { value: initial, summary: first };
    const newer = summary !== undefined && summary !== current.summary;
    return { incident: newer ? { ...current.value, ...summary } : current.value, refresh };
  }, [read, initial, first, summary, refresh]);
  return <Context value={view}>{children}</Context>;
}

export function useIncident(): LiveIncidentView {
  const view = use(Context);
  if (!view) throw new Error("useIncident outside of IncidentProvider");
  return view;
}

/** One incident, read again from the server. Rejects when it cannot be. */
export async function fetchIncident(number: number): Promise<Incident> {
  const response = await fetch(`/api/v1/incidents/${number}`, { signal: AbortSignal.timeout(fetchTimeoutMs), headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`incident ${number}: ${response.status}`);
  // Safe: our own server's answer, made from the schema that the type is inferred from.
  return (await response.json()) as Incident;
}
