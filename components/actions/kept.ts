"use client";

import { useEffect, useRef, useState } from "react";
import { useActorId } from "#components/query/permissions.tsx";

/** What stands in fields that must outlive signing in again, by a key that names the dialog ("plan:rollback:prod:R-2"). */
const written = new Map<string, string>();
const place = "vigie-kept";
const keepMs = 20 * 60_000;

interface Kept {
  actorId: string;
  at: number;
  fields: Record<string, string>;
}

/**
 * A field's text that is there again after the person has signed in again from this tab. Kept in this tab alone, for the same person, for some minutes, and
 * handed out once. It is set after the first drawing: the server knows nothing of it.
 */
export function useKept(key: string, initial: string): [string, (text: string) => void] {
  const [text, setText] = useState(initial);
  const actorId = useActorId();
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) return;
    first.current = false;
    const kept = take(key, actorId);
    // The store of the tab is what the first drawing on the server cannot know.
    // oxlint-disable-next-line react/set-state-in-effect
    if (kept !== null) setText(kept);
  }, [key, actorId]);
  useEffect(() => {
    written.set(key, text);
    return () => void written.delete(key);
  }, [key, text]);
  return [text, setText];
}

/** Called right before the page is left for the sign-in service. */
export function keepFields(actorId: string, nowMs: number): void {
  const kept: Kept = { actorId, at: nowMs, fields: Object.fromEntries(written) };
  try {
    sessionStorage.setItem(place, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing: the reason is typed once more.
  }
}

function take(key: string, actorId: string): string | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(place) ?? "null");
    if (!isKept(kept) || kept.actorId !== actorId || Date.now() - kept.at > keepMs) {
      sessionStorage.removeItem(place);
      return null;
    }
    const text = Object.hasOwn(kept.fields, key) ? kept.fields[key] : undefined;
    if (typeof text !== "string") return null;
    delete kept.fields[key];
    sessionStorage.setItem(place, JSON.stringify(kept));
    return text;
  } catch {
    return null;
  }
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && "actorId" in value && "at" in value && typeof value.at === "number" && "fields" in value && typeof value.fields === "object" && value.fields !== null;
}
