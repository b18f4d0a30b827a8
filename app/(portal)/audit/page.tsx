import type { Metadata } from "next";
import Link from "next/link";
import { attempt } from "#app/_read/attempt.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { AuditFilters } from "#components/audit/audit-filters.tsx";
import { AuditList } from "#components/audit/audit-list.tsx";
import { Checkpoints } from "#components/audit/checkpoints.tsx";
import { VerifyButton } from "#components/audit/verify-button.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { buttonClasses } from "#components/ui/button.tsx";
import { auditListQuerySchema } from "#lib/contracts/api.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readCheckpoints } from "#lib/services/audit/checkpoints.ts";
import { listAudit } from "#lib/services/audit/list.ts";

export const metadata: Metadata = { title: "Audit" };

export default async function AuditPage({ searchParams }: { searchParams: SearchParams }) {
  const given = await single(searchParams);
  const actor = await requirePageActor(hrefWith("/audit", given));
  const { context, config } = getRuntime();
  const parsed = auditListQuerySchema.partial().safeParse(Object.fromEntries(Object.entries(given).filter(([key]) => key in auditListQuerySchema.shape)));
  const query = parsed.success ? parsed.data : {};
  const { before, limit, ...filters } = query;
  const page = await attempt(listAudit(context, actor, query));
  return (
    <>
      <PageHead title="Audit">
        <p>Everything that was done, refused or tried, in the order it happened. Each entry holds the hash of the one before: nothing can be changed or taken out unseen.</p>
      </PageHead>
      <VerifyButton />
      <Checkpoints state={await attempt(readCheckpoints(context, actor))} />
      <AuditFilters key={JSON.stringify(filters)} query={filters} environments={config.environments.map(({ name }) => name)} bigPods={config.bigPods.map(({ name }) => name)} />
      {parsed.success ? null : <p role="alert" className="text-sm text-warn">These filters cannot be read ({parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")}), so none is applied.</p>}
      {filters.operation ? <p className="text-sm text-muted">Only entries of one operation. <Link href={hrefWith("/audit", { ...filters, operation: undefined })} className="underline underline-offset-2">Show all</Link></p> : null}
      {page.ok ? <AuditList entries={page.value.entries} filtered={Object.values(filters).some((value) => value !== undefined) || before !== undefined} /> : <Absence kind={page.kind} title="The audit log cannot be shown">{page.message}</Absence>}
      <div className="flex gap-2">
        {before === undefined ? null : (
          <Link className={buttonClasses("plain")} href={hrefWith("/audit", filters)}>
            Newest
          </Link>
        )}
        {page.ok && page.value.next !== null ? (
          <Link className={buttonClasses("plain")} href={hrefWith("/audit", { ...filters, limit, before: page.value.next })}>
            Older entries
          </Link>
        ) : null}
      </div>
    </>
  );
}
