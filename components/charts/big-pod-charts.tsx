"use client";

import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import type { ReactNode } from "react";
import { chartHref, chartSpanNames, chartSpans, chosenChartSpan } from "#components/charts/chart-span.ts";
import type { ChartSpanName } from "#components/charts/chart-span.ts";
import { GoldenSignals } from "#components/charts/golden-signals.tsx";
import { GrafanaPanels } from "#components/charts/grafana-panels.tsx";
import { Section } from "#components/patterns/section.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { classes } from "#components/ui/classes.ts";

interface BigPodChartsProps {
  environment: string;
  bigPod: string;
  /** Names of its services, in order. */
  services: readonly string[];
  /** Grafana has panels for it. */
  hasPanels: boolean;
}

/** The charts of a Big Pod's page: for how long and of which service stands in the address. */
export function BigPodCharts({ environment, bigPod, services, hasPanels }: BigPodChartsProps) {
  const path = usePathname();
  const search = useSearchParams();
  const span = chosenChartSpan(search.get("span"));
  const asked = search.get("service");
  const service = services.find((name) => name === asked) ?? null;
  const { ms, everyMs } = chartSpans[span];
  const from = new Date(Math.floor(useNowMs() / everyMs) * everyMs - ms).toISOString();
  const href = (change: { span?: ChartSpanName; service?: string | null }) => chartHref(path, search.toString(), change);
  return (
    <>
      <Section
        title="Golden signals"
        id="golden-signals"
        className="scroll-mt-16"
        aside={
          <nav aria-label="Length of time of the charts" className="flex gap-1">
            {chartSpanNames.map((name) => (
              <Choice key={name} href={href({ span: name })} chosen={name === span}>
                {chartSpans[name].title}
              </Choice>
            ))}
          </nav>
        }
      >
        <nav aria-label="Service that is charted" className="flex flex-wrap gap-1 pb-3">
          <Choice href={href({ service: null })} chosen={service === null}>
            All services
          </Choice>
          {services.map((name) => (
            <Choice key={name} href={href({ service: name })} chosen={name === service}>
              {name}
            </Choice>
          ))}
        </nav>
        <GoldenSignals environment={environment} bigPod={bigPod} service={service} from={from} to={null} everyMs={everyMs} />
      </Section>
      {hasPanels ? <GrafanaPanels environment={environment} bigPod={bigPod} from={`now-${span}`} to="now" /> : null}
    </>
  );
}

function Choice({ href, chosen, children }: { href: string; chosen: boolean; children: ReactNode }) {
  return (
    <Link href={href} replace scroll={false} prefetch={false} aria-current={chosen ? "true" : undefined} className={classes("inline-flex min-h-7 items-center rounded-md px-2 text-xs max-md:min-h-11 max-md:px-3", chosen ? "bg-raised font-semibold text-text" : "text-muted hover:text-text")}>
      {children}
    </Link>
  );
}
