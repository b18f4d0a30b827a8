"use client";

import { useCallback, useEffect, useState } from "react";
import type { NotificationsResponse } from "#lib/contracts/notification.ts";
import { readApi } from "#components/history/history-queries.tsx";

const oftenMs = 1_000;
const seldomMs = 15_000;
/** After a button was pressed, what becomes of it is looked for often for so many looks. */
const soonLooks = 20;

/** Channels as the page was made, then asked for again: often after `lookSoon`, seldom otherwise. A look that fails keeps what is shown. */
export function usePolledNotifications(initial: NotificationsResponse): NotificationsResponse & { lookSoon: () => void } {
  const [shown, setShown] = useState(initial);
  const [soon, setSoon] = useState(0);
  const everyMs = soon > 0 ? oftenMs : seldomMs;
  useEffect(() => {
    const leaving = new AbortController();
    let looking = false;
    const timer = setInterval(() => {
      if (looking) return;
      looking = true;
      readApi<NotificationsResponse>("/api/v1/notifications", {}, leaving.signal)
        .then(setShown)
        .catch(() => undefined)
        .finally(() => {
          looking = false;
          setSoon((left) => Math.max(0, left - 1));
        });
    }, everyMs);
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, [everyMs]);
  return { ...shown, lookSoon: useCallback(() => setSoon(soonLooks), []) };
}
