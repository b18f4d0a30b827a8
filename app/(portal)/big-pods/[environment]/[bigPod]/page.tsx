import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { attempt } from "#app/_read/attempt.ts";
import { BigPodView } from "#components/big-pod/big-pod-view.tsx";
import { isAllowed } from "#lib/domain/access.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { listReleases } from "#lib/services/release/list.ts";

interface Props {
  params: Promise<{ environment: string; bigPod: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { environment, bigPod } = await params;
  const { config } = getRuntime();
  return { title: `${config.bigPods.find((known) => known.name === bigPod)?.title ?? bigPod} in ${environment}` };
}

export default async function BigPodPage({ params }: Props) {
  const { environment, bigPod } = await params;
  const actor = await requirePageActor(`/big-pods/${environment}/${bigPod}`);
  const { context, config } = getRuntime();
  const known = config.environments.some(({ name }) => name === environment) && config.bigPods.some(({ name }) => name === bigPod);
  // What may not be seen looks like what does not exist.
  if (!known || !isAllowed(actor.grants, "state.read", environment)) notFound();
  const releases = await attempt(listReleases(context, actor, { environment, limit: 8 }));
  return <BigPodView environment={environment} bigPod={bigPod} releases={releases.ok ? releases.value.releases : null} />;
}
