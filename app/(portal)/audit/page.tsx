import type { Metadata } from "next";
import Link from "next/link";
import { removeAuditView, saveAuditView } from "#app/_actions/audit-view.ts";
import { attempt } from "#app/_read/attempt.ts";
import { readAuditAddress } from "#app/_read/audit-query.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { AuditFilters } from "#components/audit/audit-filters.tsx";
import { AuditGroups } from "#components/audit/audit-groups.tsx";
import { Checkpoints } from "#components/audit/checkpoints.tsx";
import { SavedViews } from "#components/audit/saved-views.tsx";
import { VerifyButton } from "#components/audit/verify-button.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { buttonClasses } from "#components/ui/button.tsx";
import { isAllowed } from "#lib/domain/access.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readCheckpoints } from "#lib/services/audit/checkpoints.ts";
import { listAuditViews } from "#lib/services/audit-view/list.ts";
import { reviewAudit } from "#lib/services/audit/review.ts";

export const metadata: Metadata = { title: "Audit" };

export default async function AuditPage({ searchParams }: { searchParams: SearchParams }) {
  const params = await single(searchParams);
  const actor = await requirePageActor(hrefWith("/audit", params));
  const { context, config } = getRuntime();
  const now = context.clock.now();
  const { given, query, problems } = readAuditAddress(params, now);
  const { before, limit, ...filters } = given;
  const [page, views] = await Promise.all([attempt(reviewAudit(context, actor, query)), attempt(listAuditViews(context, actor))]);
  const csv = hrefWith("/api/v1/audit/export/csv", { ...query, before: undefined, limit: undefined });
  const mayExport = isAllowed(actor.grants, "audit.export", null);
  const visible = config.environments.filter(({ name }) => isAllowed(actor.grants, "audit.read", name));
  return (
    <>
      <PageHead
        title="Audit"
        actions={
          <>
            <Link className={buttonClasses("plain")} href={`/audit/report?month=${now.toISOString().slice(0, 7)}`}>
              Monthly report
            </Link>
            {mayExport ? (
              <>
                <a className={buttonClasses("plain")} href={csv} download>
                  Export these as CSV
                </a>
                <a className={buttonClasses("plain")} href="/api/v1/audit/export" download>
                  Export the log as JSON Lines
                </a>
              </>
            ) : null}
          </>
        }
      >
        <p>Everything that was done, refused or tried, in the order it happened. Each entry holds the hash of the one before: nothing can be changed or taken out unseen.</p>
      </PageHead>
      <VerifyButton />
      <Checkpoints state={await attempt(readCheckpoints(context, actor))} />
      <div className="grid gap-3">
        <AuditFilters key={JSON.stringify(filters)} query={filters} environments={visible.map(({ name }) => name)} bigPods={config.bigPods.map(({ name }) => name)} />
        {problems.length === 0 ? null : (
          <p role="alert" className="text-sm text-warn">
            {problems.map(({ name, sentence }) => `“${name}” is not applied: ${sentence}`).join(". ")}.
          </p>
        )}
        <SavedViews
          key={views.ok ? views.value.map(({ id }) => id).join() : "none"}
          views={views.ok ? views.value : []}
          current={Object.fromEntries(Object.entries(filters).map(([key, value]) => [key, String(value)]))}
          mine={actor.id}
          mayRemoveAny={isAllowed(actor.grants, "audit.remove-view", null)}
          save={saveAuditView}
          remove={removeAuditView}
        />
      </div>
      {page.ok ? (
        <AuditGroups groups={page.value.groups} filtered={Object.values(filters).some((value) => value !== undefined) || before !== undefined} more={page.value.next !== null} />
      ) : (
        <Absence kind={page.kind} title="The audit log cannot be shown">
          {page.message}
        </Absence>
      )}
      {page.ok && page.value.archived !== null ? (
        <p className="text-sm text-muted">
          Entries up to {page.value.archived.to} were archived in <span className="font-mono text-xs">{page.value.archived.file}</span>. The log goes on from their last hash.
        </p>
      ) : null}
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
