"use client";

import { useRouter } from "next/navigation";
import { useEffect, useEffectEvent, useRef, useState, useTransition } from "react";
import type { KeyboardEvent } from "react";
import { useHereZone } from "#components/guards/here-zone.ts";
import { historyHref, momentOf, momentWords, spans } from "#components/history/span.ts";
import type { SpanName } from "#components/history/span.ts";

interface ScrubberProps {
  /** Moment looked at, as the address has it; null: now. */
  at: string | null;
  over: SpanName;
  fromMs: number;
  toMs: number;
}

/** Keys that repeat while held become one request. */
const settleMs = 120;

/** A slider over the span. Arrows go a step, page keys an hour, a quarter of a day or a day, End is now. The address follows when it is let go. */
export function Scrubber({ at, over, fromMs, toMs }: ScrubberProps) {
  const router = useRouter();
  const zone = useHereZone();
  const [moving, startMoving] = useTransition();
  const [draft, setDraft] = useState<{ ms: number; against: string | null } | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { stepMs, pageMs } = spans[over];
  const atMs = at === null ? toMs : Date.parse(at);
  const ms = Math.min(toMs, Math.max(fromMs, draft?.against === at ? draft.ms : atMs));
  // A step short of the end there is no moment left between: the end means now.
  const isNow = ms > toMs - stepMs;
  const words = isNow ? "now" : momentWords(ms, zone);

  const go = (target: number) => {
    // The usual span is not named: it is chosen by the age of the moment, also for who opens the link next week.
    const href = historyHref("/", target > toMs - stepMs ? null : momentOf(target), over === "24h" ? null : over);
    startMoving(() => (at === null ? router.push(href, { scroll: false }) : router.replace(href, { scroll: false })));
  };
  const goSoon = (target: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => go(target), settleMs);
  };
  const settle = useEffectEvent(goSoon);
  useEffect(() => {
    const slider = input.current;
    // The browser's own "change": once when a pointer lets go, and for every key. React's onChange comes with every movement.
    const released = () => slider && settle(slider.valueAsNumber);
    slider?.addEventListener("change", released);
    return () => {
      clearTimeout(timer.current);
      slider?.removeEventListener("change", released);
    };
  }, []);

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const way = event.key === "PageUp" ? 1 : event.key === "PageDown" ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    const target = Math.min(toMs, Math.max(fromMs, ms + way * pageMs));
    setDraft({ ms: target, against: at });
    goSoon(target);
  };

  return (
    <div className="grid grid-cols-[minmax(0,9rem)_minmax(0,1fr)] items-center gap-x-3 max-md:grid-cols-[minmax(0,6.5rem)_minmax(0,1fr)]">
      <label htmlFor="moment" className="text-xs leading-tight font-semibold" aria-busy={moving}>
        <span className="sr-only">Look at the overview of </span>
        {words}
      </label>
      <input
        ref={input}
        id="moment"
        type="range"
        min={fromMs}
        max={toMs}
        step={stepMs}
        value={ms}
        aria-valuetext={words}
        className="h-7 w-full accent-accent max-md:h-11"
        onChange={(event) => setDraft({ ms: event.target.valueAsNumber, against: at })}
        onKeyDown={onKeyDown}
        // The past is drawn by parts of its own: they are fetched while the hand is still on its way.
        onFocus={() => void import("#components/history/past.tsx")}
        onPointerEnter={() => void import("#components/history/past.tsx")}
      />
    </div>
  );
}
