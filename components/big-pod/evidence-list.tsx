import type { Evidence } from "#lib/contracts/state.ts";
import { Time } from "#components/patterns/time.tsx";

/** What the cause rests on: events, last log lines, probe answers, in their own words. */
export function EvidenceList({ evidence }: { evidence: readonly Evidence[] }) {
  return (
    <ul className="rounded-lg border border-line-strong bg-sunk py-1 text-xs">
      {evidence.map((item) => (
        <li key={`${item.kind} ${item.on} ${item.at} ${item.text}`} className="flex flex-wrap gap-x-3 px-3 py-1 md:grid md:grid-cols-[76px_64px_minmax(120px,auto)_minmax(0,1fr)]">
          <span className="text-faint">{item.at ? <Time at={item.at} form="age" /> : "now"}</span>
          <span className="text-muted">{item.kind}</span>
          <span className="min-w-0 truncate font-mono text-muted">{item.on}</span>
          <span className="min-w-0 font-mono whitespace-pre-wrap max-md:w-full">{item.text}</span>
        </li>
      ))}
    </ul>
  );
}
