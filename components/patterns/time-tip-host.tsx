"use client";

import dynamic from "next/dynamic";
import { useEffect, useState } from "react";

const TimeTip = dynamic(() => import("#components/patterns/time-tip.tsx").then((module) => module.TimeTip), { ssr: false });

/** Loads the tip for times when the first time is pointed at. */
export function TimeTipHost() {
  const [wanted, want] = useState<Element | null>(null);
  useEffect(() => {
    if (wanted) return;
    const over = (event: Event) => {
      const time = event.target instanceof Element ? event.target.closest("[data-tip-time]") : null;
      if (time) want(time);
    };
    document.addEventListener("pointerover", over);
    return () => document.removeEventListener("pointerover", over);
  }, [wanted]);
  return wanted ? <TimeTip first={wanted} /> : null;
}
