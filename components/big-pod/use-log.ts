"use client";

import { useEffect, useState } from "react";
import { addLines } from "#components/big-pod/log-lines.ts";
import type { LogLine } from "#components/big-pod/log-lines.ts";

export type LogStatus = { kind: "connecting" | "open" } | { kind: "ended" | "failed"; message: string };

export interface LogTarget {
  environment: string;
  bigPod: string;
  pod: string;
  container: string;
  previous: boolean;
}

interface Log {
  /** Which log the lines are of; another one's are not shown. */
  address: string;
  lines: readonly LogLine[];
  status: LogStatus;
}

const drawEveryMs = 100;
const connecting: LogStatus = { kind: "connecting" };

/** Reads one container's log while `following`; what was read stays. Lines are drawn in batches, so that a chatty process cannot stall the page. */
export function useLog(target: LogTarget | null, following: boolean): { lines: readonly LogLine[]; status: LogStatus } {
  const [log, setLog] = useState<Log | null>(null);
  const address = target === null ? null : `/api/logs?${new URLSearchParams({ environment: target.environment, bigPod: target.bigPod, pod: target.pod, container: target.container, ...(target.previous ? { previous: "true" } : {}) })}`;

  useEffect(() => {
    if (address === null || !following) return;
    const source = new EventSource(address);
    let waiting: string[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const draw = () => {
      timer = null;
      const added = waiting;
      waiting = [];
      setLog((before) => (before?.address === address ? { ...before, lines: addLines(before.lines, added) } : { address, lines: addLines([], added), status: { kind: "open" } }));
    };
    const end = (kind: "ended" | "failed", message: string) => {
      source.close();
      if (timer !== null) {
        clearTimeout(timer);
        draw();
      }
      setLog((before) => ({ address, lines: before?.address === address ? before.lines : [], status: { kind, message } }));
    };
    // The server begins with the newest lines each time, so what was there before goes.
    source.addEventListener("open", () => setLog({ address, lines: [], status: { kind: "open" } }));
    source.addEventListener("line", (event) => {
      waiting.push(textOf(event));
      timer ??= setTimeout(draw, drawEveryMs);
    });
    source.addEventListener("ended", (event) => end("ended", textOf(event)));
    source.addEventListener("failed", (event) => end("failed", textOf(event)));
    source.addEventListener("error", () => end("failed", "The log could not be read, or was cut off. Press Pause and Follow to open it again."));
    return () => {
      source.close();
      if (timer !== null) clearTimeout(timer);
      if (waiting.length > 0) draw();
    };
  }, [address, following]);

  return log !== null && log.address === address ? log : { lines: [], status: connecting };
}

function textOf(event: MessageEvent<unknown>): string {
  const data: unknown = JSON.parse(String(event.data));
  return typeof data === "string" ? data : "";
}
