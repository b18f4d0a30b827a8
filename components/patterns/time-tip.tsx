"use client";

import { useEffect, useRef, useState } from "react";
import { formatBoth } from "#components/patterns/duration.ts";
import { Copy } from "#components/ui/copy.tsx";

interface Tip {
  at: string;
  left: number;
  top: number;
  above: boolean;
}

const showAfterMs = 150;
const hideAfterMs = 250;

/** One tip for every <time data-tip-time> of the page: local and UTC, each copyable. `first` is the one it was loaded for. */
export function TimeTip({ first }: { first: Element }) {
  const [tip, setTip] = useState<Tip | null>(() => (first.matches(":hover") ? placeFor(first) : null));
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = (event: Event) => {
      if (!(event.target instanceof Element)) return;
      if (box.current?.contains(event.target)) {
        clearTimeout(timer);
        return;
      }
      const time = event.target.closest("[data-tip-time]");
      clearTimeout(timer);
      if (!time) {
        timer = setTimeout(() => setTip(null), hideAfterMs);
        return;
      }
      timer = setTimeout(() => setTip(placeFor(time)), showAfterMs);
    };
    const leave = (event: KeyboardEvent) => {
      if (event.key === "Escape") setTip(null);
    };
    const gone = () => setTip(null);
    document.addEventListener("pointerover", over);
    document.addEventListener("click", over);
    document.addEventListener("keydown", leave);
    document.addEventListener("scroll", gone, true);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("pointerover", over);
      document.removeEventListener("click", over);
      document.removeEventListener("keydown", leave);
      document.removeEventListener("scroll", gone, true);
    };
  }, []);

  if (!tip || Number.isNaN(Date.parse(tip.at))) return null;
  const { local, utc } = formatBoth(new Date(tip.at));
  return (
    <div
      ref={box}
      role="tooltip"
      style={{ left: tip.left, top: tip.top, transform: tip.above ? "translateY(-100%)" : undefined }}
      className="fixed z-50 w-70 max-w-[calc(100vw-1rem)] rounded-lg border border-line-strong bg-panel px-3 py-2 text-xs shadow-[0_8px_30px_var(--shadow)]"
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
        <dt className="text-faint">local</dt>
        <dd>
          <Copy text={local} label="local time">
            {local}
          </Copy>
        </dd>
        <dt className="text-faint">UTC</dt>
        <dd>
          <Copy text={utc} label="UTC time" className="font-mono">
            {utc}
          </Copy>
        </dd>
      </dl>
    </div>
  );
}

function placeFor(time: Element): Tip {
  const place = time.getBoundingClientRect();
  const above = place.bottom + 90 > innerHeight;
  return { at: time.getAttribute("data-tip-time") ?? "", left: Math.max(8, Math.min(place.left, innerWidth - 288)), top: above ? place.top - 6 : place.bottom + 6, above };
}
