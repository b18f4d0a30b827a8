"use client";

import { useEffect, useRef, useState } from "react";
import type { TimelineEntry } from "#lib/contracts/incident.ts";
import { useHereZone } from "#components/guards/here-zone.ts";
import { EntryRow } from "#components/incident/timeline-entry.tsx";
import { arrange, clockIn, filterWords, isLate, timelineFilters } from "#components/incident/timeline-words.ts";
import type { TimelineFilter, TimelineOrder, TimelineZone } from "#components/incident/timeline-words.ts";
import { useOlderEntries } from "#components/incident/use-older-entries.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";
import { Button } from "#components/ui/button.tsx";
import { classes } from "#components/ui/classes.ts";

/** How a timeline is looked at, as the address says it. */
export interface TimelineView {
  order: TimelineOrder;
  zone: TimelineZone;
  filter: TimelineFilter;
}

interface TimelineProps {
  number: number;
  /** Newest first, the first page; grows at its top as the incident moves. */
  entries: readonly TimelineEntry[];
  next: number | null;
  /** What was recorded before is its past, collected when it opened; late is only what came after. */
  openedAt: string;
  initialView: TimelineView;
}

const defaults: TimelineView = { order: "newest", zone: "local", filter: "all" };

/** What happened, told by whom, when it happened; late arrivals stand at their own time and say that they came late. */
export function Timeline({ number, entries, next, openedAt, initialView }: TimelineProps) {
  const [view, setView] = useState(initialView);
  const { older, more, loading, failed, loadOlder } = useOlderEntries(number, entries, next);
  const here = useHereZone();
  const timeZone = view.zone === "utc" || here === null ? "UTC" : here;
  const rows = arrange([older, entries], view.filter, view.order);
  const target = useTarget(rows, more, loadOlder);
  const change = (part: Partial<TimelineView>) => {
    const changed = { ...view, ...part };
    setView(changed);
    remember(changed);
  };
  return (
    <Section
      title="Timeline"
      id="timeline"
      aside={
        <div className="flex flex-wrap justify-end gap-x-3 gap-y-1">
          <Switch label="Order" chosen={view.order} of={[["newest", "newest first"], ["oldest", "oldest first"]]} onChoose={(order) => change({ order })} />
          <Switch label="Time zone" chosen={view.zone} of={[["local", "local"], ["utc", "UTC"]]} onChoose={(zone) => change({ zone })} />
        </div>
      }
    >
      <fieldset className="flex flex-wrap gap-1 pb-2" aria-label="Show">
        {timelineFilters.map((filter) => (
          <button key={filter} type="button" aria-pressed={view.filter === filter} onClick={() => change({ filter })} className={classes("min-h-7 rounded-md px-2 text-xs max-lg:min-h-10 max-md:min-h-11", view.filter === filter ? "bg-raised font-semibold text-text" : "text-muted hover:text-text")}>
            {filterWords[filter]}
          </button>
        ))}
      </fieldset>
      {view.order === "oldest" ? <Older more={more} loading={loading} failed={failed} onLoad={loadOlder} /> : null}
      {rows.length === 0 ? (
        <Absence kind="empty" title={view.filter === "all" ? "Nothing was recorded yet" : `Nothing of this kind${more ? " among the newest entries" : ""}`} />
      ) : (
        <ol aria-label="Timeline" className="relative">
          {rows.map((entry, index) => {
            const { day, clock } = clockIn(entry.at, timeZone);
            const above = rows[index - 1];
            return <EntryRow key={entry.id} entry={entry} clock={clock} day={above && clockIn(above.at, timeZone).day === day ? null : day} late={isLate(entry, openedAt)} target={target === entry.id} />;
          })}
        </ol>
      )}
      {view.order === "newest" ? <Older more={more} loading={loading} failed={failed} onLoad={loadOlder} /> : null}
    </Section>
  );
}

function Older({ more, loading, failed, onLoad }: { more: boolean; loading: boolean; failed: boolean; onLoad: () => Promise<void> }) {
  if (!more) return null;
  return (
    <div className="flex flex-wrap items-center gap-3 py-2">
      <Button size="small" disabledBecause={loading ? "They are being read…" : null} onClick={() => void onLoad()}>
        Show older entries
      </Button>
      <output className="text-xs text-muted">
        {failed ? "They could not be read. Try again." : loading ? "Reading…" : ""}
      </output>
    </div>
  );
}

function Switch<Value extends string>({ label, chosen, of, onChoose }: { label: string; chosen: Value; of: readonly (readonly [Value, string])[]; onChoose: (value: Value) => void }) {
  return (
    <fieldset aria-label={label} className="inline-flex">
      {of.map(([value, word]) => (
        <button key={value} type="button" aria-pressed={chosen === value} onClick={() => onChoose(value)} className={classes("px-1.5 text-xs max-lg:min-h-10 max-md:min-h-11", chosen === value ? "font-semibold text-text underline underline-offset-4" : "text-muted hover:text-text")}>
          {word}
        </button>
      ))}
    </fieldset>
  );
}

/** Into the address, without a page in the history: it is how one looks, not where one is. */
function remember(view: TimelineView): void {
  const url = new URL(location.href);
  for (const key of ["order", "zone", "filter"] as const) {
    if (view[key] === defaults[key]) url.searchParams.delete(key);
    else url.searchParams.set(key, view[key]);
  }
  history.replaceState(null, "", url);
}

/** The entry that #e123 names: looked for among the older ones too, then shown. */
function useTarget(rows: readonly TimelineEntry[], more: boolean, loadOlder: () => Promise<void>): number | null {
  const [target, setTarget] = useState<number | null>(null);
  const shown = useRef<number | null>(null);
  useEffect(() => {
    const read = () => {
      const id = /^#e(\d{1,15})$/.exec(location.hash)?.[1];
      setTarget(id === undefined ? null : Number(id));
    };
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  const found = target !== null && rows.some((entry) => entry.id === target);
  useEffect(() => {
    if (target === null || shown.current === target) return;
    if (found) {
      shown.current = target;
      document.getElementById(`e${target}`)?.scrollIntoView({ block: "center" });
    } else if (more && (rows.at(-1)?.id ?? 0) > 0) void loadOlder();
    // As many entries as there are now: one more page each time, until it is found or there are none.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [target, found, more, rows.length]);
  return target;
}
