"use client";

import { useSyncExternalStore } from "react";

const never = () => () => undefined;

/** IANA name of the reader's time zone; null in the first HTML, which is made elsewhere. */
export function useHereZone(): string | null {
  return useSyncExternalStore(never, () => Intl.DateTimeFormat().resolvedOptions().timeZone, () => null);
}
