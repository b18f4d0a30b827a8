import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { attempt } from "#app/_read/attempt.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { BigPodView } from "#components/big-pod/big-pod-view.tsx";
import { chosenSpan } from "#components/history/span.ts";
import { isAllowed } from "#lib/domain/access.ts";
import { panelsOf } from "#lib/domain/grafana-panel.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { listIncidents } from "#lib/services/incident/list.ts";
import { listReleases } from "#lib/services/release/list.ts";

interface Props {
  params: Promise<{ environment: string; bigPod: string }>;
  searchParams: SearchParams;
}

export async function generateMetadata({ params }: Pick<Props, "params">): Promise<Metadata> {
  const { environment, bigPod } = await params;
  const { config } = getRuntime();
  return { title: `${config.bigPods.find((known) => known.name === bigPod)?.title ?? bigPod} in ${environment}` };
}

export default async function BigPodPage({ params, searchParams }: Props) {
  const { environment, bigPod } = await params;
  const query = await single(searchParams);
  const actor = await requirePageActor(hrefWith(`/big-pods/${environment}/${bigPod}`, query));
  const { context, config } = getRuntime();
  const known = config.environments.some(({ name }) => name === environment) && config.bigPods.some(({ name }) => name === bigPod);
  // What may not be seen looks like what does not exist.
  if (!known || !isAllowed(actor.grants, "state.read", environment)) notFound();
  const [releases, incidents] = await Promise.all([attempt(listReleases(context, actor, { environment, limit: 8 })), attempt(listIncidents(context, actor, { status: "all", environment, bigPod, limit: 8 }))]);
  return <BigPodView environment={environment} bigPod={bigPod} incidents={incidents.ok ? incidents.value.incidents : null} releases={releases.ok ? releases.value.releases : null} over={chosenSpan(query.over, null, 0)} hasPanels={panelsOf(config.grafana?.panels ?? [], bigPod).length > 0} />;
}
