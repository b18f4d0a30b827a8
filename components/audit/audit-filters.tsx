import Link from "next/link";
import type { AuditQuery } from "#lib/contracts/audit.ts";
import { auditActions, auditOutcomes } from "#lib/contracts/audit.ts";
import { auditActionWords } from "#components/audit/audit-presentation.ts";
import { buttonClasses } from "#components/ui/button.tsx";

const field = "min-h-9 w-full min-w-0 rounded-[7px] border border-control bg-panel px-2 text-sm text-text max-lg:min-h-11";

interface AuditFiltersProps {
  query: Partial<AuditQuery> & { text?: string };
  environments: readonly string[];
  bigPods: readonly string[];
}

/** A plain form by GET: the address holds the filters, so any view can be sent to a colleague. */
export function AuditFilters({ query, environments, bigPods }: AuditFiltersProps) {
  return (
    <search aria-label="Filter the audit log">
    <form action="/audit" method="get" className="grid grid-cols-2 items-end gap-2 md:grid-cols-3 lg:grid-cols-[1.4fr_1fr_1fr_1fr_1fr_1fr_auto]">
      <Label text="Text">
        <input type="search" name="text" maxLength={200} defaultValue={query.text ?? ""} className={field} />
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
      {query.operation ? <input type="hidden" name="operation" value={query.operation} /> : null}
      {query.from ? <input type="hidden" name="from" value={query.from} /> : null}
      {query.to ? <input type="hidden" name="to" value={query.to} /> : null}
      <span className="flex gap-2 max-lg:col-span-full">
        <button type="submit" className={buttonClasses("plain")}>
          Filter
        </button>
        <Link href="/audit" className={buttonClasses("quiet")}>
          Clear
        </Link>
      </span>
    </form>
    </search>
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

function Select({ name, value, options }: { name: string; value: string | undefined; options: readonly (readonly [value: string, title: string])[] }) {
  return (
    <select name={name} defaultValue={value ?? ""} className={field}>
      <option value="">any</option>
      {options.map(([option, title]) => (
        <option key={option} value={option}>
          {title}
        </option>
      ))}
    </select>
  );
}
