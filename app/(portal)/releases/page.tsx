import type { Metadata } from "next";
import Link from "next/link";
import { z } from "zod";
import { attempt } from "#app/_read/attempt.ts";
import { readQuarantine } from "#app/_read/quarantine.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { EnvironmentTabs } from "#components/patterns/environment-tabs.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { ReleaseList } from "#components/release/release-list.tsx";
import { buttonClasses } from "#components/ui/button.tsx";
import { isAllowed } from "#lib/domain/access.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { listReleases } from "#lib/services/release/list.ts";

export const metadata: Metadata = { title: "Releases" };
const querySchema = z.object({ environment: z.string().max(63).optional().catch(undefined), before: z.coerce.number().int().positive().optional().catch(undefined) });

export default async function ReleasesPage({ searchParams }: { searchParams: SearchParams }) {
  const actor = await requirePageActor("/releases");
  const { context, config } = getRuntime();
  const query = querySchema.parse(await single(searchParams));
  const visible = config.environments.filter(({ name }) => isAllowed(actor.grants, "release.read", name));
  // The last one is production, which is asked about most.
  const chosen = visible.find(({ name }) => name === query.environment) ?? visible.at(-1);
  if (!chosen) return <Absence kind="forbidden" title="Your role shows releases in no environment" />;
  const next = config.environments.find((environment, index) => (environment.policy.promotesFrom ?? config.environments[index - 1]?.name) === chosen.name)?.name ?? null;
  const page = await attempt(listReleases(context, actor, { environment: chosen.name, before: query.before, limit: 20 }));
  const quarantines = await readQuarantine(context, actor, visible.map(({ name }) => name));
  return (
    <>
      <PageHead title="Releases">
        <p>What ran in {chosen.title ?? chosen.name}, sealed as it ran: images by digest, pod templates, ConfigMaps. Any of them is a way back.</p>
      </PageHead>
      <EnvironmentTabs environments={visible.map(({ name, title }) => ({ name, title: title ?? name }))} chosen={chosen.name} all={null} hrefs={Object.fromEntries(visible.map(({ name }) => [name, hrefWith("/releases", { environment: name })]))} />
      {page.ok ? <ReleaseList environment={chosen.name} next={next} releases={page.value.releases} quarantines={quarantines} /> : <Absence kind={page.kind} title="The releases cannot be shown">{page.message}</Absence>}
      {page.ok && page.value.next !== null ? (
        <Link className={`${buttonClasses("plain")} justify-self-start`} href={hrefWith("/releases", { environment: chosen.name, before: page.value.next })}>
          Older releases
        </Link>
      ) : null}
    </>
  );
}
