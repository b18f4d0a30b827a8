"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDownToLine, Download, Eraser, Pause, Play } from "lucide-react";
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { PodState } from "#lib/contracts/state.ts";
import { keptLines, sourceName } from "#components/big-pod/log-buffer.ts";
import type { LogSnapshot, ShownLine } from "#components/big-pod/log-buffer.ts";
import { sourceColour } from "#components/big-pod/log-colours.ts";
import { Highlighted } from "#components/big-pod/log-highlight.tsx";
import { useLog } from "#components/big-pod/use-log.ts";
import type { LogStatus } from "#components/big-pod/use-log.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Button } from "#components/ui/button.tsx";
import { classes } from "#components/ui/classes.ts";

const field = "min-h-9 min-w-0 rounded-[7px] border border-control bg-panel px-2 text-sm text-text max-lg:min-h-11";
const rowHeight = 20;
const none: ReadonlySet<string> = new Set();

interface LogViewProps {
  environment: string;
  bigPod: string;
  pods: readonly PodState[];
  /** Names of the Big Pod's services, in their order: they decide the colours. */
  services: readonly string[];
}

/** The live log of a Big Pod: all pods, containers and processes merged, or one of them; follow or pause, search, filter by source, download. */
export function LogView({ environment, bigPod, pods, services }: LogViewProps) {
  const [following, follow] = useState(true);
  const [previous, setPrevious] = useState(false);
  const [search, setSearch] = useState("");
  const [hidden, hide] = useState<ReadonlySet<string>>(none);
  const [wrap, setWrap] = useState(true);
  const [picked, choose] = useState<{ pod: string | null; container: string | null }>({ pod: null, container: null });
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const filter = useMemo(() => ({ search: wanted, hidden }), [wanted, hidden]);
  const target = { environment, bigPod, ...picked, previous };
  const { log, status, clear, asText } = useLog(target, services, following, filter);

  if (pods.length === 0 && picked.pod === null && log.total === 0) return <Absence kind="empty" title="There is no pod whose log could be read" />;
  const gone = picked.pod !== null && !pods.some((pod) => pod.name === picked.pod);
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <select aria-label="Pod and container" className={`${field} max-w-full max-md:w-full`} value={picked.pod === null ? "" : `${picked.pod} ${picked.container ?? ""}`} onChange={(event) => {
          const [pod = "", container = ""] = event.target.value.split(" ");
          choose({ pod: pod === "" ? null : pod, container: container === "" ? null : container });
          follow(true);
        }}>
          <option value="">All pods, merged</option>
          {gone ? <option value={`${picked.pod} ${picked.container ?? ""}`}>{picked.pod} (gone)</option> : null}
          {pods.flatMap((pod) => (pod.containers.length === 1 ? [] : [{ pod, container: "" }]).concat(pod.containers.map(({ name }) => ({ pod, container: name })))).map(({ pod, container }) => (
            <option key={`${pod.name} ${container}`} value={`${pod.name} ${container}`}>
              {pod.name} · {container === "" ? "all containers" : container}
            </option>
          ))}
        </select>
        <Button onClick={() => follow(!following)} aria-pressed={following}>
          {following ? <Pause aria-hidden className="size-3.5" /> : <Play aria-hidden className="size-3.5" />}
          {following ? "Pause" : "Follow"}
        </Button>
        <label className="inline-flex min-h-9 items-center gap-1.5 text-sm text-muted">
          <input type="checkbox" checked={previous} onChange={(event) => {
            setPrevious(event.target.checked);
            follow(true);
          }} className="size-4 accent-(--accent)" />
          before the last restart
        </label>
        <label className="inline-flex min-h-9 items-center gap-1.5 text-sm text-muted">
          <input type="checkbox" checked={wrap} onChange={(event) => setWrap(event.target.checked)} className="size-4 accent-(--accent)" />
          wrap
        </label>
        <Button tone="quiet" onClick={clear}>
          <Eraser aria-hidden className="size-3.5" />
          Clear
        </Button>
        <Button tone="quiet" disabledBecause={log.total === 0 ? "There are no lines to download yet." : null} onClick={() => save(`${bigPod}-${environment}.log`, asText(wanted === "" && hidden.size === 0 ? "all" : "shown"))}>
          <Download aria-hidden className="size-3.5" />
          Download{wanted === "" && hidden.size === 0 ? "" : " what is shown"}
        </Button>
        <input type="search" aria-label="Search in the log" placeholder="Search in these lines" value={search} onChange={(event) => setSearch(event.target.value)} className={`${field} grow`} />
      </div>
      {log.names.length > 1 ? <SourceFilter names={log.names} services={services} hidden={hidden} onChange={hide} /> : null}
      <Lines key={wrap ? "wrap" : "plain"} label={`Log of ${picked.pod ?? bigPod}`} log={log} search={wanted} services={services} wrap={wrap} onePod={picked.pod !== null} silence={silence(status, log, search)} />
      <output className={status.kind === "failed" ? "block text-xs text-warn" : "block text-xs text-faint"}>
        {status.kind === "failed" || status.kind === "ended" ? status.message : status.kind === "connecting" ? "Opening…" : following ? "Following." : "Paused; nothing is read."} {log.shown.length.toLocaleString("en")} lines
        {log.shown.length === log.total ? "" : ` of ${log.total.toLocaleString("en")}`}, at most {keptLines.toLocaleString("en")} are kept here{log.skipped > 0 ? `; ${log.skipped.toLocaleString("en")} were left out because they came faster than they could be read` : ""}.{log.note === null ? "" : ` ${log.note}`}
      </output>
    </div>
  );
}

function silence(status: LogStatus, log: LogSnapshot, search: string): string {
  if (status.kind === "connecting") return "Opening the log…";
  if (log.total > 0) return search.trim() === "" ? "Every source is hidden." : "No line holds that.";
  return "No lines yet.";
}

/** One toggle a source, in its colour. */
function SourceFilter({ names, services, hidden, onChange }: { names: readonly string[]; services: readonly string[]; hidden: ReadonlySet<string>; onChange: (hidden: ReadonlySet<string>) => void }) {
  return (
    <fieldset className="flex flex-wrap items-center gap-1.5">
      <legend className="sr-only">Sources shown</legend>
      {names.map((name) => {
        const shown = !hidden.has(name);
        return (
          <button key={name} type="button" aria-pressed={shown} onClick={() => onChange(shown ? new Set([...hidden, name]) : new Set([...hidden].filter((one) => one !== name)))} className={classes("inline-flex min-h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs max-lg:min-h-10", shown ? "border-line-strong bg-panel text-text" : "border-dashed border-line-strong text-faint line-through")}>
            <span aria-hidden className="size-2 rounded-full" style={{ background: sourceColour(name, services) }} />
            {name}
          </button>
        );
      })}
      {hidden.size > 0 ? (
        <button type="button" className="min-h-7 px-1.5 text-xs text-muted hover:text-text max-lg:min-h-10" onClick={() => onChange(none)}>
          Show all
        </button>
      ) : null}
    </fieldset>
  );
}

interface LinesProps {
  label: string;
  log: LogSnapshot;
  search: string;
  services: readonly string[];
  wrap: boolean;
  onePod: boolean;
  silence: string;
}

/** Draws only the lines in view, so that fifty thousand cost no more than fifty. Stays at the end while it stands there. */
function Lines({ label, log, search, services, wrap, onePod, silence: nothing }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  // What it returns moves with the scroll position: it is to be asked at every rendering, and is.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({ count: log.shown.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 20, getItemKey: (index) => log.shown[index]?.id ?? index });
  const last = log.shown.at(-1)?.id;
  useLayoutEffect(() => {
    if (atEnd && log.shown.length > 0) virtual.scrollToIndex(log.shown.length - 1, { align: "end" });
  }, [atEnd, last, log.shown.length, virtual]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const scrolled = (): void => setAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < 2 * rowHeight);
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => element.removeEventListener("scroll", scrolled);
  }, []);
  return (
    <div className="relative">
      <div
        ref={box}
        role="log"
        aria-label={label}
        aria-live="off"
        // What scrolls must be reachable by keyboard (WCAG 2.1.1).
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className="h-96 overflow-auto overscroll-contain rounded-lg border border-line-strong bg-sunk py-2 font-mono text-xs [overflow-anchor:none]"
      >
        {log.shown.length === 0 ? <p className="px-3 font-sans text-muted">{nothing}</p> : null}
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = log.shown[item.index];
            if (line === undefined) return null;
            return (
              <div key={item.key} ref={virtual.measureElement} data-index={item.index} className={classes("absolute top-0 left-0 min-h-5 px-3 leading-5", wrap ? "w-full whitespace-pre-wrap [overflow-wrap:anywhere]" : "min-w-full whitespace-pre")} style={{ transform: `translateY(${item.start}px)` }}>
                <Prefix line={line} log={log} services={services} onePod={onePod} />
                <Highlighted text={line.text === "" ? "\u00a0" : line.text} search={search} />
              </div>
            );
          })}
        </div>
      </div>
      {atEnd || log.shown.length === 0 ? null : (
        <Button size="small" className="absolute right-3 bottom-3 shadow" onClick={() => virtual.scrollToIndex(log.shown.length - 1, { align: "end" })}>
          <ArrowDownToLine aria-hidden className="size-3.5" />
          To the end
        </Button>
      )}
    </div>
  );
}

function Prefix({ line, log, services, onePod }: { line: ShownLine; log: LogSnapshot; services: readonly string[]; onePod: boolean }) {
  const name = sourceName(line, log.sources);
  const pod = log.sources[line.source]?.pod ?? "";
  return (
    <>
      {line.at === null ? null : <span className="text-faint tabular-nums" title={line.at}>{line.at.slice(11, 23)} </span>}
      {onePod ? null : <span className="text-faint max-sm:hidden" title={pod}>{pod.slice(-5)} </span>}
      <span style={{ color: sourceColour(name, services) }}>{name} </span>
    </>
  );
}

function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
