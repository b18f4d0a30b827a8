"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { LogEvent } from "#lib/contracts/log.ts";
import { LogBuffer } from "#components/big-pod/log-buffer.ts";
import type { LogFilter, LogSnapshot } from "#components/big-pod/log-buffer.ts";

export type LogStatus = { kind: "connecting" | "open" } | { kind: "ended" | "failed"; message: string };

export interface LogTarget {
  environment: string;
  bigPod: string;
  /** Null: every pod, merged. */
  pod: string | null;
  container: string | null;
  previous: boolean;
}

const drawEveryMs = 120;
const eventTypes = ["source", "lines", "skipped", "note", "ended", "failed"] as const;
const connecting: LogStatus = { kind: "connecting" };
const empty: LogSnapshot = { shown: [], total: 0, skipped: 0, sources: [], names: [], note: null };

export interface UsedLog {
  log: LogSnapshot;
  status: LogStatus;
  clear(): void;
  asText(only: "all" | "shown"): string;
}

/**
 * Reads while `following`; what was read stays, and goes on being searched and filtered. Lines are drawn in batches, so that a chatty process cannot stall the page,
 * and a hidden tab draws nothing.
 */
export function useLog(target: LogTarget, processes: readonly string[], following: boolean, filter: LogFilter): UsedLog {
  const [log, setLog] = useState<LogSnapshot>(empty);
  const [told, setTold] = useState<{ address: string; status: LogStatus } | null>(null);
  const buffer = useRef<LogBuffer>(new LogBuffer(processes));
  const address = `/api/logs?${new URLSearchParams({
    environment: target.environment,
    bigPod: target.bigPod,
    ...(target.pod === null ? {} : { pod: target.pod }),
    ...(target.container === null ? {} : { container: target.container }),
    ...(target.previous ? { previous: "true" } : {}),
  })}`;
  const names = processes.join(",");
  const filterNow = useRef(filter);

  useEffect(() => {
    if (!following) return;
    // The server begins with the newest lines each time, so what was there before goes.
    const lines = new LogBuffer(names.split(","));
    lines.filter(filterNow.current);
    buffer.current = lines;
    const source = new EventSource(address);
    let timer: ReturnType<typeof setTimeout> | null = null;
    const draw = () => {
      timer = null;
      if (document.visibilityState === "visible") setLog(lines.snapshot());
    };
    const drawSoon = () => {
      timer ??= setTimeout(draw, drawEveryMs);
    };
    const end = (kind: "ended" | "failed", message: string) => {
      source.close();
      if (timer !== null) clearTimeout(timer);
      setLog(lines.snapshot());
      setTold({ address, status: { kind, message } });
    };
    source.addEventListener("open", () => {
      setTold({ address, status: { kind: "open" } });
      setLog(lines.snapshot());
    });
    for (const type of eventTypes) {
      source.addEventListener(type, (message: MessageEvent<string>) => {
        const event: LogEvent = JSON.parse(message.data); // our own server's, of lib/contracts/log
        if (event.type === "ended" || event.type === "failed") return end(event.type, event.text);
        lines.add(event);
        drawSoon();
      });
    }
    source.addEventListener("error", () => end("failed", "The log could not be read, or was cut off. Press Follow to open it again."));
    document.addEventListener("visibilitychange", draw);
    return () => {
      document.removeEventListener("visibilitychange", draw);
      source.close();
      if (timer !== null) clearTimeout(timer);
      setLog(lines.snapshot());
    };
  }, [address, names, following]);

  useEffect(() => {
    filterNow.current = filter;
    buffer.current.filter(filter);
    setLog(buffer.current.snapshot());
  }, [filter]);

  const clear = useCallback(() => {
    buffer.current.clear();
    setLog(buffer.current.snapshot());
  }, []);
  const asText = useCallback((only: "all" | "shown") => buffer.current.asText(only), []);
  return { log, status: told?.address === address ? told.status : connecting, clear, asText };
}
