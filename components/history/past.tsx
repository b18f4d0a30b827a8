"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import type { History } from "#lib/contracts/history.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import { verdict as judge } from "#lib/domain/verdict.ts";
import { useHereZone } from "#components/guards/here-zone.ts";
import { historicStates } from "#components/history/historic-states.ts";
import { historyHref, momentWords } from "#components/history/span.ts";
import type { SpanName } from "#components/history/span.ts";
import { OperationsThen } from "#components/history/operations-then.tsx";
import { Changes } from "#components/overview/changes.tsx";
import { Pipeline } from "#components/overview/pipeline.tsx";
import { splitSentence } from "#components/overview/split-sentence.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { formatRelative } from "#components/patterns/duration.ts";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { LookedBackAt, useNowMs } from "#components/query/server-clock.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { buttonClasses } from "#components/ui/button.tsx";

/** What the address's moment led to: the picture of then, or the sentence that says why there is none. */
export type Past = { at: string; over: SpanName; history: History } | { at: null; over: SpanName; kind: "forbidden" | "unreachable" | "unknown"; sentence: string };

/** The overview of a moment: what was known then, and nothing to press. */
export function PastHead({ past }: { past: Past }) {
  if (past.at === null) {
    return (
      <>
        <Bar over={past.over}>You asked for a moment that cannot be shown</Bar>
        <Absence kind={past.kind} title={past.sentence} />
      </>
    );
  }
  return (
    <>
      <MomentBar at={past.at} over={past.over} />
      <LookedBackAt value={Date.parse(past.at)}>
        <Picture history={past.history} />
      </LookedBackAt>
    </>
  );
}

/** Below the strips: what had changed by then, and what was under way. */
export function PastRest({ past }: { past: Past }) {
  if (past.at === null) return null;
  return (
    <LookedBackAt value={Date.parse(past.at)}>
      <div className="grid gap-6 lg:grid-cols-[1.15fr_1fr]">
        <Section title="Under way then">
          <OperationsThen operations={past.history.operations} />
        </Section>
        <Changes changes={past.history.changes} />
      </div>
    </LookedBackAt>
  );
}

function MomentBar({ at, over }: { at: string; over: SpanName }) {
  const now = useNowMs();
  const zone = useHereZone();
  return (
    <Bar over={over}>
      You are looking at{" "}
      <time dateTime={at} data-tip-time={at}>
        {momentWords(Date.parse(at), zone)}
      </time>{" "}
      <span className="font-normal">({formatRelative(Date.parse(at), now)})</span>
    </Bar>
  );
}

function Bar({ over, children }: { over: SpanName; children: ReactNode }) {
  return (
    <div data-past className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 rounded-[10px] border-2 border-hold bg-hold-wash px-3.5 py-2.5">
      <div className="min-w-0">
        <output className="block text-lg font-semibold">{children}</output>
        <p className="text-xs text-muted">Nothing here moves and nothing can be started from it. Links lead to how it is now.</p>
      </div>
      <Link href={historyHref("/", null, over)} scroll={false} prefetch={false} className={buttonClasses("go")}>
        Back to now
      </Link>
    </div>
  );
}

function Picture({ history }: { history: History }) {
  const zone = useHereZone();
  const { bigPods, environments } = useSnapshot();
  if (history.states.length === 0) {
    return (
      <Absence kind="unknown" title="Nothing is kept of this moment">
        {history.from === null ? "Vigie has not seen anything yet." : `What is kept begins at ${momentWords(Date.parse(history.from), zone)}.`}
      </Absence>
    );
  }
  const states = historicStates(history);
  const verdict = judge(environments, bigPods, states, new Date(history.at));
  const { head, rest } = splitSentence(verdict.sentence);
  const columns = environments.map((environment) => {
    const release = history.releases.find((known) => known.environment === environment.name);
    // Whether it had settled is not kept; the mark for "not yet" is left out.
    return { ...environment, release: release ? { ...release, settled: true } : null };
  });
  return (
    <>
      <PageHead icon={<StatusIcon {...healthPresentation[verdict.status]} className="size-[22px]" />} title={<span data-verdict={verdict.status}>{`Then: ${head}`}</span>}>
        {rest ? <p className="text-text">{rest}</p> : null}
      </PageHead>
      <Pipeline environments={columns} gaps={[]} bigPods={bigPods} states={states} guards={null} />
    </>
  );
}
