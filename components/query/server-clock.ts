"use client";

import { createContext, use, useSyncExternalStore } from "react";

/**
 * The database's time in the browser. Ages are differences of server times, so a laptop with a wrong clock shows them right.
 * One timer for the whole page, none while it is hidden.
 */
interface Anchor {
  serverMs: number;
  wallMs: number;
  monotonicMs: number;
}

let anchor: Anchor | null = null;
let shownMs = 0;
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

/** Sets the clock from a time the server just sent. */
export function setServerTime(iso: string): void {
  const serverMs = Date.parse(iso);
  if (Number.isNaN(serverMs)) return;
  anchor = { serverMs, wallMs: Date.now(), monotonicMs: performance.now() };
}

/** Server time now, in milliseconds. The larger of two elapsed times is taken: one of them stands still while a laptop sleeps. */
export function serverNowMs(): number {
  if (!anchor) return Date.now();
  return anchor.serverMs + Math.max(Date.now() - anchor.wallMs, performance.now() - anchor.monotonicMs);
}

function tick(): void {
  shownMs = serverNowMs();
  for (const listener of listeners) listener();
}

function schedule(): void {
  const wanted = listeners.size > 0 && document.visibilityState === "visible";
  if (wanted && timer === null) timer = setInterval(tick, 1000);
  if (!wanted && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}

function onVisibility(): void {
  schedule();
  if (document.visibilityState === "visible") tick();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) document.addEventListener("visibilitychange", onVisibility);
  listeners.add(listener);
  if (shownMs === 0) shownMs = serverNowMs();
  schedule();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) document.removeEventListener("visibilitychange", onVisibility);
    schedule();
  };
}

/** Time of the first HTML, so that server and browser write the same words before the first tick. */
export const RenderedAt = createContext<number>(0);

/** A moment that is looked back at: ages below it are those of then, and nothing moves. */
export const LookedBackAt = createContext<number | null>(null);

const never = () => () => undefined;

/** Server time in milliseconds, moved once a second. */
export function useNowMs(): number {
  const renderedAt = use(RenderedAt);
  const lookedBackAt = use(LookedBackAt);
  return useSyncExternalStore(
    lookedBackAt === null ? subscribe : never,
    () => lookedBackAt ?? (shownMs === 0 ? renderedAt : shownMs),
    () => lookedBackAt ?? renderedAt,
  );
}
