import Link from "next/link";
import type { AuditPageQuery } from "#lib/contracts/audit-review.ts";
import { auditActions, auditOutcomes } from "#lib/contracts/audit.ts";
import { auditActionWords } from "#components/audit/audit-presentation.ts";
import { rangeWords } from "#components/audit/range-words.ts";
import { buttonClasses } from "#components/ui/button.tsx";
import { classes } from "#components/ui/classes.ts";
import { auditRanges } from "#lib/domain/audit-range.ts";
import type { AuditRange } from "#lib/domain/audit-range.ts";

const field = "min-h-9 w-full min-w-0 rounded-[7px] border border-control bg-panel px-2 text-sm text-text max-lg:min-h-11";
const quick: readonly AuditRange[] = ["24h", "7d", "30d", "today", "yesterday"];

interface AuditFiltersProps {
  query: Partial<AuditPageQuery>;
  environments: readonly string[];
  bigPods: readonly string[];
}

/** A plain form by GET: the address holds the filters, so any view can be sent to a colleague. A named range goes before days of one's own. */
export function AuditFilters({ query, environments, bigPods }: AuditFiltersProps) {
  const { range, from, to, ...rest } = query;
  const href = (chosen: AuditRange | null): string => {
    const search = new URLSearchParams(Object.entries({ ...rest, range: chosen ?? undefined }).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])));
    return search.size === 0 ? "/audit" : `/audit?${search}`;
  };
  return (
    <search aria-label="Filter the audit log" className="grid gap-2">
      <nav aria-label="Time" className="-ml-2 flex flex-wrap gap-x-0.5">
        {[null, ...quick].map((value) => {
          const chosen = value === null ? range === undefined && from === undefined && to === undefined : range === value;
          return (
            <Link key={value ?? ""} href={href(value)} aria-current={chosen ? "true" : undefined} className={classes("inline-flex min-h-8 items-center rounded-md px-2 text-sm max-lg:min-h-11", chosen ? "bg-raised font-semibold text-text" : "text-muted hover:text-text")}>
              {value === null ? "any time" : rangeWords[value]}
            </Link>
          );
        })}
      </nav>
      <form action="/audit" method="get" className="grid grid-cols-2 items-end gap-2 md:grid-cols-3 lg:grid-cols-5">
        <Label text="Text">
          <input type="search" name="text" minLength={3} maxLength={200} defaultValue={query.text ?? ""} placeholder="at least 3 characters" className={field} />
        </Label>
        <Label text="Who">
          <input name="actor" maxLength={200} defaultValue={query.actor ?? ""} placeholder="name, e-mail, id" className={field} />
        </Label>
        <Label text="What">
          <Select name="action" value={query.action} options={auditActions.map((action) => [action, auditActionWords[action]])} />
        </Label>
        <Label text="Outcome">
          <Select name="outcome" value={query.outcome} options={auditOutcomes.map((outcome) => [outcome, outcome])} />
        </Label>
        <Label text="Environment">
          <Select name="environment" value={query.environment} options={environments.map((name) => [name, name])} />
        </Label>
        <Label text="Big Pod">
          <Select name="bigPod" value={query.bigPod} options={bigPods.map((name) => [name, name])} />
        </Label>
        <Label text="When">
          <Select name="range" value={range} none="any time, or the days" options={auditRanges.map((name) => [name, rangeWords[name]])} />
        </Label>
        <Label text="From the day (UTC)">
          <input type="date" name="from" defaultValue={from?.slice(0, 10) ?? ""} className={field} />
        </Label>
        <Label text="To the day (UTC)">
          <input type="date" name="to" defaultValue={to?.slice(0, 10) ?? ""} className={field} />
        </Label>
        {query.operation ? <input type="hidden" name="operation" value={query.operation} /> : null}
        {query.incident ? <input type="hidden" name="incident" value={query.incident} /> : null}
        {query.release ? <input type="hidden" name="release" value={query.release} /> : null}
        <span className="flex gap-2 max-lg:col-span-full">
          <button type="submit" className={buttonClasses("plain")}>
            Filter
          </button>
          <Link href="/audit" className={buttonClasses("quiet")}>
            Clear
          </Link>
        </span>
      </form>
      <Only query={query} />
    </search>
  );
}

/** What the list is limited to that has no field: it came by a link from a page of its own. */
function Only({ query }: { query: Partial<AuditPageQuery> }) {
  const of: [string, string][] = [];
  if (query.operation !== undefined) of.push(["one operation", `/operations/${encodeURIComponent(query.operation)}`]);
  if (query.incident !== undefined) of.push([`incident ${query.incident}`, `/incidents/${query.incident}`]);
  if (query.release !== undefined) of.push([`R-${query.release}`, `/releases/R-${query.release}`]);
  if (of.length === 0) return null;
  return (
    <p className="text-sm text-muted">
      Only entries of{" "}
      {of.map(([words, href], index) => (
        <span key={href}>
          {index > 0 ? " and " : ""}
          <Link href={href} className="underline underline-offset-2">
            {words}
          </Link>
        </span>
      ))}
      .
    </p>
  );
}

function Label({ text, children }: { text: string; children: React.ReactNode }) {
  return (
    <label className="grid min-w-0 gap-1 text-xs text-muted">
      {text}
      {children}
    </label>
  );
}

function Select({ name, value, options, none = "any" }: { name: string; value: string | undefined; options: readonly (readonly [value: string, title: string])[]; none?: string }) {
  return (
    <select name={name} defaultValue={value ?? ""} className={field}>
      <option value="">{none}</option>
      {options.map(([option, title]) => (
        <option key={option} value={option}>
          {title}
        </option>
      ))}
    </select>
  );
}
