"use client";

import type { OperationSummary } from "#lib/contracts/state.ts";
import { formatDuration } from "#components/patterns/duration.ts";
import { useNowMs } from "#components/query/server-clock.ts";

/** For what an operation waits, in a line: "1 of 2 approvals is there, until in 3 h"; "2nd in line, about 4 min (2 min to 9 min)". */
export function WaitsShort({ operation }: { operation: Pick<OperationSummary, "waits"> }) {
  const now = useNowMs();
  const { waits } = operation;
  if (!waits) return <>waits for its turn</>;
  const leftMs = waits.until === null ? null : Date.parse(waits.until) - now;
  return (
    <>
      {waits.sentence}
      {waits.position === null ? null : ` · ${waits.position === 1 ? "next in line" : `number ${waits.position} in line`}`}
      {waits.estimate ? ` · ${estimateWords(waits.estimate)}` : null}
      {waits.until === null || leftMs === null || waits.estimate ? null : (
        <span data-tip-time={waits.until} className="relative whitespace-nowrap">
          {" · "}
          {waits.for === "approvals" ? (leftMs > 0 ? `${formatDuration(leftMs, 2)} left` : "its time is over") : leftMs > 0 ? `in ${formatDuration(leftMs, 2)}` : "any moment"}
        </span>
      )}
    </>
  );
}

/** "about 2 min (1 min to 4 min)". */
export function estimateWords(estimate: { seconds: number; lowSeconds: number; highSeconds: number }): string {
  const [about, low, high] = [estimate.seconds, estimate.lowSeconds, estimate.highSeconds].map((seconds) => formatDuration(seconds * 1000));
  return low === high ? `about ${about}` : `about ${about} (${low} to ${high})`;
}
