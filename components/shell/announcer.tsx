"use client";

import { useEffect, useRef, useState } from "react";
import { verdict as judge } from "#lib/domain/verdict.ts";
import { usePlatformView } from "#components/query/use-view.ts";
import { splitSentence } from "#components/overview/split-sentence.ts";

/** Tells screen readers once when the verdict becomes another one; not at every tick, and nothing at the first look. */
export function Announcer() {
  const { snapshot, states, now } = usePlatformView();
  const verdict = judge(snapshot.environments, snapshot.bigPods, states, now);
  const is = `${verdict.status} ${verdict.environment} ${verdict.bigPod}`;
  const was = useRef(is);
  const [said, say] = useState("");
  const { head } = splitSentence(verdict.sentence);
  useEffect(() => {
    if (was.current === is) return;
    was.current = is;
    say(head);
  }, [is, head]);
  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  );
}
