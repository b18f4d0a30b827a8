"use client";

import type { Shape, SourceStatus, Tone } from "#lib/domain/status.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";

const sourcePresentation: Record<SourceStatus, { word: string; tone: Tone; shape: Shape }> = {
  connecting: { word: "connecting", tone: "busy", shape: "clock" },
  live: { word: "live", tone: "ok", shape: "check" },
  stale: { word: "stale", tone: "stale", shape: "dashed" },
  forbidden: { word: "forbidden", tone: "hold", shape: "pause" },
  unsupported: { word: "not served there", tone: "unknown", shape: "question" },
  down: { word: "down", tone: "bad", shape: "octagon" },
};

/** Every upstream and how it is: what may not be read, is not there, or does not answer are three different things. */
export function Sources() {
  const { sources } = useSnapshot();
  if (sources.length === 0) return <Absence kind="unknown" title="No source is known yet: the worker has not begun" />;
  return (
    <ul className="border-t border-line text-sm">
      {sources.toSorted((a, b) => a.key.localeCompare(b.key)).map((source) => (
        <li key={source.key} data-source={source.key} className="grid gap-x-3 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)_auto]">
          <Mark {...sourcePresentation[source.status]} />
          <span className="min-w-0">
            {source.environment !== null && !source.title.includes(source.environment) ? `${source.title} in ${source.environment}` : source.title}
            {source.required ? null : <span className="text-xs text-faint"> · extra</span>}
            {source.reason ? <span className="block text-xs text-muted">{source.reason}</span> : null}
          </span>
          <span className="text-xs text-faint">
            since <Time at={source.since} form="age" />
          </span>
        </li>
      ))}
    </ul>
  );
}
