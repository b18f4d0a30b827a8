import type { ReactNode } from "react";
import type { Comparison, ErrorComparison, SampleComparison } from "#lib/contracts/incident.ts";
import type { ComparisonVerdict } from "#lib/domain/incident-status.ts";
import { VerdictMark } from "#components/incident/incident-marks.tsx";
import { formatCount, formatMeasured, formatP, formatRatio } from "#components/incident/numbers-words.ts";
import { formatDuration } from "#components/patterns/duration.ts";

/** Before and after a suspected change: each measure with its numbers and its verdict. "Insufficient data" is grey, and never reads as well. */
export function ComparisonTable({ comparison, said = false }: { comparison: Comparison; /** Its sentence stands above already. */ said?: boolean }) {
  const { errors, latency, memory, restarts, control } = comparison;
  return (
    <div className="grid gap-1.5">
      {said ? null : (
        <p className="text-sm">
          <VerdictMark verdict={comparison.verdict} /> <span className="text-muted">{comparison.sentence}</span>
        </p>
      )}
      <table className="w-full text-xs tabular-nums">
        <caption className="sr-only">Before and after the change</caption>
        <thead>
          <tr className="text-left text-faint">
            <th scope="col" className="py-1 pr-3 font-normal">
              <span className="sr-only">what</span>
            </th>
            <th scope="col" className="py-1 pr-3 font-normal">{beforeWords(comparison)}</th>
            <th scope="col" className="py-1 pr-3 font-normal">after, {formatDuration(comparison.windowSeconds * 1000, 2)}</th>
            <th scope="col" className="py-1 font-normal">verdict</th>
          </tr>
        </thead>
        <tbody>
          {errors ? <Errors name="errors" of={errors} /> : <NoRow name="errors" />}
          {latency ? <Samples name="latency, median" of={latency} /> : null}
          {memory ? <Samples name="memory, median" of={memory} /> : null}
          {restarts ? <Row name="restarts" before={restarts.before} after={restarts.after} /> : null}
          {control?.errors ? <Errors name="errors, a week before" of={control.errors} /> : null}
        </tbody>
      </table>
      {control ? null : <p className="text-xs text-faint">No data of the same hours a week before.</p>}
      {comparison.warnings.length > 0 ? (
        <ul className="text-xs text-warn" aria-label="Warnings of Prometheus">
          {comparison.warnings.map((warning) => (
            <li key={warning}>Prometheus warns: {warning}</li>
          ))}
        </ul>
      ) : null}
      {comparison.queries.length > 0 ? (
        <details className="text-xs text-muted">
          <summary className="w-fit py-0.5 hover:text-text max-md:min-h-11 max-md:py-3">How it was asked</summary>
          <dl className="grid gap-1 pt-1">
            {uniqueQueries(comparison.queries).map(({ name, query }) => (
              <div key={`${name} ${query}`}>
                <dt className="text-faint">{name}</dt>
                <dd className="font-mono break-words whitespace-pre-wrap">{query}</dd>
              </div>
            ))}
          </dl>
        </details>
      ) : null}
    </div>
  );
}

/** Of the same question asked twice one is enough to read. */
function uniqueQueries(queries: Comparison["queries"]): Comparison["queries"] {
  return [...new Map(queries.map((asked) => [`${asked.name} ${asked.query}`, asked])).values()];
}

/** "before" may be longer than "after": more is known of a calm time. */
function beforeWords({ baselineSeconds, windowSeconds }: Comparison): string {
  return baselineSeconds === undefined || baselineSeconds === windowSeconds ? "before" : `before, ${formatDuration(baselineSeconds * 1000, 2)}`;
}

function Errors({ name, of }: { name: string; of: ErrorComparison }) {
  const side = (counts: ErrorComparison["before"]): ReactNode => (
    <>
      {formatRatio(counts) ?? "no requests"} <span className="text-faint">{counts.requests > 0 ? `of ${formatCount(counts.requests)}` : ""}</span>
    </>
  );
  return <Row name={name} before={side(of.before)} after={side(of.after)} verdict={of.verdict} note={formatP(of.p)} title={of.sentence} />;
}

function Samples({ name, of }: { name: string; of: SampleComparison }) {
  const side = ({ n, median }: SampleComparison["before"]): ReactNode => (
    <>
      {formatMeasured(median, of.unit)} <span className="text-faint">n = {formatCount(n)}</span>
    </>
  );
  const effect = of.effect === null ? null : `effect ${of.effect.toFixed(2)}`;
  return <Row name={name} before={side(of.before)} after={side(of.after)} verdict={of.verdict} note={[formatP(of.p), effect].filter(Boolean).join(", ") || null} title={of.sentence} />;
}

interface RowProps {
  name: string;
  before: ReactNode;
  after: ReactNode;
  verdict?: ComparisonVerdict;
  note?: string | null;
  title?: string;
}

function Row({ name, before, after, verdict, note, title }: RowProps) {
  return (
    <tr className="border-t border-line align-baseline" title={title}>
      <th scope="row" className="py-1 pr-3 text-left font-normal text-muted">
        {name}
      </th>
      <td className="py-1 pr-3">{before}</td>
      <td className="py-1 pr-3">{after}</td>
      <td className="py-1">
        {verdict ? <VerdictMark verdict={verdict} /> : null} {note ? <span className="text-faint">{note}</span> : null}
      </td>
    </tr>
  );
}

function NoRow({ name }: { name: string }) {
  return <Row name={name} before="not known" after="not known" verdict="insufficient-data" />;
}
