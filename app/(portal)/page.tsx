import type { Metadata } from "next";
import { readPast } from "#app/_read/past.ts";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { chosenSpan, momentWords } from "#components/history/span.ts";
import { Overview } from "#components/overview/overview.tsx";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";

export async function generateMetadata({ searchParams }: { searchParams: SearchParams }): Promise<Metadata> {
  const at = Date.parse((await single(searchParams)).at ?? "");
  return { title: Number.isNaN(at) ? "Overview" : `Overview at ${momentWords(at, null)}` };
}

export default async function OverviewPage({ searchParams }: { searchParams: SearchParams }) {
  const params = await single(searchParams);
  const actor = await requirePageActor(hrefWith("/", params));
  const { context } = getRuntime();
  const { at } = params;
  const over = chosenSpan(params.over, at === undefined || Number.isNaN(Date.parse(at)) ? null : Date.parse(at), context.clock.now().getTime());
  return <Overview over={over} past={at === undefined ? null : await readPast(context, actor, at, over)} />;
}
