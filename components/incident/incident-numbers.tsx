import type { IncidentNumber, IncidentNumbers } from "#lib/contracts/incident.ts";
import { Section } from "#components/patterns/section.tsx";
import { formatDuration } from "#components/patterns/duration.ts";

/** How incidents go here, over the last days: each number with its definition and what it rests on, and none at all where that is too little. */
export function IncidentNumbersPanel({ numbers }: { numbers: IncidentNumbers }) {
  const of = [numbers.bigPod, numbers.environment].filter(Boolean).join(" in ");
  return (
    <Section title="Numbers" id="numbers" aside={`last ${numbers.days} days${of === "" ? "" : `, ${of}`}`}>
      <dl className="grid gap-px overflow-hidden rounded-[10px] border border-line bg-line md:grid-cols-2 lg:grid-cols-4">
        {numbers.numbers.map((number) => (
          <Figure key={number.name} number={number} />
        ))}
      </dl>
    </Section>
  );
}

function Figure({ number }: { number: IncidentNumber }) {
  const value = written(number);
  return (
    <div className="grid content-start gap-0.5 bg-panel px-3.5 py-2.5" data-number={number.name} title={number.definition}>
      <dt className="text-xs text-muted">
        <span className="underline decoration-line-strong decoration-dotted underline-offset-4">{number.title}</span>
        <span className="sr-only">: {number.definition}</span>
      </dt>
      <dd className={value === null ? "text-lg text-faint" : "text-lg font-semibold"}>{value ?? "too few to say"}</dd>
      <dd className="text-xs text-faint">
        {value === null || number.p95 === null ? "" : `95 % within ${formatDuration(number.p95 * 1000, 2)} · `}
        {number.note}
      </dd>
    </div>
  );
}

function written({ value, unit }: IncidentNumber): string | null {
  if (value === null) return null;
  return unit === "share" ? `${Math.round(value * 1000) / 10} %` : formatDuration(value * 1000, 2);
}
