import type { Metadata } from "next";
import Link from "next/link";
import { z } from "zod";
import { attempt } from "#app/_read/attempt.ts";
import { readOperations } from "#app/_read/operations.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { OperationList } from "#components/operation/operation-list.tsx";
import { OperationFilter } from "#components/operation/operation-filter.tsx";
import { shownKinds } from "#components/operation/shown-kinds.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { EnvironmentTabs } from "#components/patterns/environment-tabs.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { buttonClasses } from "#components/ui/button.tsx";
import { isAllowed } from "#lib/domain/access.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";

export const metadata: Metadata = { title: "Operations" };
const querySchema = z.object({ show: z.enum(shownKinds).default("all").catch("all"),  environment: z.string().max(63).optional().catch(undefined), before: z.coerce.number().int().positive().optional().catch(undefined) });
const pageSize = 30;

export default async function OperationsPage({ searchParams }: { searchParams: SearchParams }) {
  const actor = await requirePageActor("/operations");
  const { context, config } = getRuntime();
  const query = querySchema.parse(await single(searchParams));
  const environments = config.environments.filter(({ name }) => isAllowed(actor.grants, "operation.read", name)).map(({ name, title }) => ({ name, title: title ?? name }));
  const environment = environments.find(({ name }) => name === query.environment)?.name;
  const page = await attempt(readOperations(context, actor, { environment, shown: query.show, before: query.before, limit: pageSize }));
  const show = query.show === "all" ? undefined : query.show;
  return (
    <>
      <PageHead title="Operations">
        <p>Promotions, rollbacks, restarts and scalings: who asked, why, what they wait for, and how they ended.</p>
      </PageHead>
      <EnvironmentTabs environments={environments} chosen={environment ?? null} all="all environments" hrefs={Object.fromEntries([["", hrefWith("/operations", { show })], ...environments.map(({ name }) => [name, hrefWith("/operations", { environment: name, show })])])} />
      <OperationFilter shown={query.show} environment={environment ?? null} />
      {page.ok ? <OperationList operations={page.value.operations} environment={environment ?? null} shown={query.show} first={query.before === undefined} /> : <Absence kind={page.kind} title="The operations cannot be shown">{page.message}</Absence>}
      {page.ok && page.value.next !== null ? (
        <Link className={`${buttonClasses("plain")} justify-self-start`} href={hrefWith("/operations", { environment, show, before: page.value.next })}>
          Older operations
        </Link>
      ) : null}
    </>
  );
}
