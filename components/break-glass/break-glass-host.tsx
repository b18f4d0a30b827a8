"use client";

import dynamic from "next/dynamic";
import { useSnapshot } from "#components/query/use-platform.ts";

const BreakGlassBar = dynamic(() => import("#components/break-glass/break-glass-bar.tsx").then((module) => module.BreakGlassBar));

/** On every page, and nothing at all while no glass is broken. */
export function BreakGlassHost() {
  const { guards } = useSnapshot();
  return guards.some((guard) => guard.breakGlass) ? <BreakGlassBar guards={guards} /> : null;
}
