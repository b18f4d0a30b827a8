import type { Metadata } from "next";
import { hrefWith, single } from "#app/_read/search-params.ts";
import type { SearchParams } from "#app/_read/search-params.ts";
import { Overview } from "#components/overview/overview.tsx";
import { requirePageActor } from "#lib/runtime/session.ts";

export const metadata: Metadata = { title: "Overview" };

export default async function OverviewPage({ searchParams }: { searchParams: SearchParams }) {
  await requirePageActor(hrefWith("/", await single(searchParams)));
  return <Overview />;
}
