"use client";

import { useEffect, useRef, useState } from "react";
import { verdict as judge } from "#lib/domain/verdict.ts";
import { usePlatformView } from "#components/query/use-view.ts";
import { withIncidents } from "#components/overview/incident-verdict.ts";
import { splitSentence } from "#components/overview/split-sentence.ts";
import { openIncidents } from "#components/incident/incident-words.ts";
import { useTitleCount } from "#components/shell/title-count.ts";
import { portalNews } from "#components/shell/announcements.ts";

/** Tells screen readers once when the verdict becomes another one, and once of what people must know of; not at every tick, and nothing at the first look. */
export function Announcer() {
  const { snapshot, states, now } = usePlatformView();
  const verdict = withIncidents(judge(snapshot.environments, snapshot.bigPods, states, now), openIncidents(snapshot.incidents), snapshot, now);
  const is = `${verdict.status} ${verdict.environment} ${verdict.bigPod}`;
  const was = useRef(is);
  const [said, say] = useState("");
  const { head } = splitSentence(verdict.sentence);
  useEffect(() => {
    if (was.current === is) return;
    was.current = is;
    say(head);
  }, [is, head]);
  const news = portalNews(snapshot, now.getTime());
  const latest = [...news.keys()].join("\n");
  const known = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    const before = known.current;
    known.current = new Set([...(before ?? []), ...news.keys()]);
    const fresh = before === null ? [] : [...news].filter(([key]) => !before.has(key)).map(([, sentence]) => sentence);
    if (fresh.length > 0) say(fresh.join(". "));
    // The keys stand for the news: the same keys are the same sentences.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [latest]);
  useTitleCount(openIncidents(snapshot.incidents).length);
  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  );
}
