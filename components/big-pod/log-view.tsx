"use client";

import { Pause, Play } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import type { PodState } from "#lib/contracts/state.ts";
import { keptLines, matching } from "#components/big-pod/log-lines.ts";
import { useLog } from "#components/big-pod/use-log.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Button } from "#components/ui/button.tsx";

const field = "min-h-9 min-w-0 rounded-[7px] border border-control bg-panel px-2 text-sm text-text max-lg:min-h-11";

/** The live log of one container of one pod: choose, follow or pause, search. */
export function LogView({ environment, bigPod, pods }: { environment: string; bigPod: string; pods: readonly PodState[] }) {
  const [following, follow] = useState(true);
  const [previous, setPrevious] = useState(false);
  const [search, setSearch] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  const start = pods.find((pod) => pod.services.some((service) => service.status === "down")) ?? pods.find((pod) => !pod.ready && !pod.terminating) ?? pods[0];
  const first = start ? { pod: start.name, container: start.containers[0]?.name ?? "" } : null;
  // The pod that was looked at stays chosen when it leaves: its last lines are what one wants to read.
  const [picked, choose] = useState(first);
  const chosen = picked ?? first;

  const target = chosen === null ? null : { environment, bigPod, ...chosen, previous };
  const { lines, status } = useLog(target, following);
  const shown = matching(lines, search);
  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  });

  if (chosen === null) return <Absence kind="empty" title="There is no pod whose log could be read" />;
  const gone = !pods.some((pod) => pod.name === chosen.pod);
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <select aria-label="Pod and container" className={`${field} max-w-full max-md:w-full`} value={`${chosen.pod} ${chosen.container}`} onChange={(event) => {
          const [pod = "", container = ""] = event.target.value.split(" ");
          choose({ pod, container });
          follow(true);
        }}>
          {gone ? <option value={`${chosen.pod} ${chosen.container}`}>{chosen.pod} (gone)</option> : null}
          {pods.flatMap((pod) => pod.containers.map((container) => (
            <option key={`${pod.name} ${container.name}`} value={`${pod.name} ${container.name}`}>
              {pod.name} · {container.name}
            </option>
          )))}
        </select>
        <Button onClick={() => follow(!following)} aria-pressed={following}>
          {following ? <Pause aria-hidden className="size-3.5" /> : <Play aria-hidden className="size-3.5" />}
          {following ? "Pause" : "Follow"}
        </Button>
        <label className="inline-flex min-h-9 items-center gap-1.5 text-sm text-muted">
          <input type="checkbox" checked={previous} onChange={(event) => setPrevious(event.target.checked)} className="size-4 accent-(--accent)" />
          before the last restart
        </label>
        <input type="search" aria-label="Search in the log" placeholder="Search in these lines" value={search} onChange={(event) => setSearch(event.target.value)} className={`${field} grow`} />
      </div>
      <div
        ref={box}
        role="log"
        aria-label={`Log of ${chosen.pod}, ${chosen.container}`}
        aria-live="off"
        // What scrolls must be reachable by keyboard (WCAG 2.1.1).
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
        className="h-80 overflow-auto overscroll-contain rounded-lg border border-line-strong bg-sunk px-3 py-2 font-mono text-xs"
      >
        {shown.length === 0 ? (
          <p className="font-sans text-muted">{status.kind === "connecting" ? "Opening the log…" : search.trim() !== "" && lines.length > 0 ? "No line holds that." : "No lines yet."}</p>
        ) : (
          shown.map((line) => (
            <div key={line.id} className="whitespace-pre-wrap [overflow-wrap:anywhere]">
              {line.text === "" ? "\u00a0" : line.text}
            </div>
          ))
        )}
      </div>
      <output className={status.kind === "failed" ? "block text-xs text-warn" : "block text-xs text-faint"}>
        {status.kind === "failed" || status.kind === "ended" ? status.message : status.kind === "connecting" ? "Opening…" : following ? "Following." : "Paused; nothing is read."} {shown.length} of at most {keptLines} lines
        {search.trim() === "" ? "" : ` (of ${lines.length})`}.
      </output>
    </div>
  );
}
