"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { addLines } from "#components/big-pod/log-lines.ts";
import type { LogLine } from "#components/big-pod/log-lines.ts";

export type LogStatus = { kind: "idle" } | { kind: "connecting" } | { kind: "open" } | { kind: "ended"; message: string } | { kind: "failed"; message: string };

export interface LogTarget {
  environment: string;
  bigPod: string;
  pod: string;
  container: string;
  previous: boolean;
}

const drawEveryMs = 100;

/** Reads one container's log while `following`; what was read stays. Lines are drawn in batches, so that a chatty process cannot stall the page. */
export function useLog(target: LogTarget | null, following: boolean): { lines: readonly LogLine[]; status: LogStatus; clear: () => void } {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [status, setStatus] = useState<LogStatus>({ kind: "idle" });
  const waiting = useRef<string[]>([]);
  const address = target === null ? null : `/api/logs?${new URLSearchParams({ environment: target.environment, bigPod: target.bigPod, pod: target.pod, container: target.container, ...(target.previous ? { previous: "true" } : {}) })}`;

  useEffect(() => {
    setLines([]);
    waiting.current = [];
  }, [address]);

  useEffect(() => {
    if (address === null || !following) return;
    setStatus({ kind: "connecting" });
    setLines([]);
    const source = new EventSource(address);
    let timer: ReturnType<typeof setTimeout> | null = null;
    const draw = () => {
      timer = null;
      const added = waiting.current;
      waiting.current = [];
      setLines((before) => addLines(before, added));
    };
    const textOf = (event: Event): string => {
      const data: unknown = event instanceof MessageEvent ? JSON.parse(String(event.data)) : null;
      return typeof data === "string" ? data : "";
    };
    source.addEventListener("open", () => setStatus({ kind: "open" }));
    source.addEventListener("line", (event) => {
      waiting.current.push(textOf(event));
      timer ??= setTimeout(draw, drawEveryMs);
    });
    source.addEventListener("ended", (event) => {
      source.close();
      setStatus({ kind: "ended", message: textOf(event) });
    });
    source.addEventListener("failed", (event) => {
      source.close();
      setStatus({ kind: "failed", message: textOf(event) });
    });
    source.addEventListener("error", () => {
      source.close();
      setStatus({ kind: "failed", message: "The log stream was cut off. Press Follow to open it again." });
    });
    return () => {
      source.close();
      if (timer !== null) {
        clearTimeout(timer);
        draw();
      }
    };
  }, [address, following]);

  const clear = useCallback(() => setLines([]), []);
  return { lines, status, clear };
}
