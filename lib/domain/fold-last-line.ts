import { clean, containerStatuses, fields, list } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";

/** A run of a container that ended without a termination message: its log's last line would say why. */
export interface SilentEnd {
  /** Changes with every run. */
  key: string;
  container: string;
  /** Whether that run is the one before the present one, as the log API asks. */
  previous: boolean;
}

/** Ends of a pod's containers that say nothing themselves. Out of memory says enough. */
export function silentEnds(pod: RawObject): SilentEnd[] {
  return containerStatuses(pod).flatMap((status) => {
    const { ended } = status;
    if (ended === null || ended.exitCode === 0 || ended.message !== null || ended.reason === "OOMKilled") return [];
    return [{ key: `${pod.metadata.uid}/${status.name}/${ended.finishedAt ?? status.restarts}`, container: status.name, previous: status.state === "running" }];
  });
}

/** The last line of a log that a person would quote: not empty, not the frame of a stack trace. */
export function quotableLine(lines: readonly string[]): string | null {
  const cleaned = lines.map(clean).filter((line) => line !== "");
  return cleaned.findLast((line) => !/^(at |\^+$|[{}\])]+;?$|Node\.js v\d)/.test(line)) ?? cleaned.at(-1) ?? null;
}

/** The pod with those last lines as the termination messages that are missing. The object itself is left alone. */
export function withLastLines(pod: RawObject, lines: ReadonlyMap<string, string>): RawObject {
  const found = silentEnds(pod).flatMap((end) => (lines.has(end.key) ? [{ container: end.container, line: lines.get(end.key) ?? "" }] : []));
  if (found.length === 0) return pod;
  const status = fields(pod.status);
  const containerStatuses = list(status["containerStatuses"]).map((one) => {
    const line = found.find((f) => f.container === one["name"])?.line;
    if (line === undefined) return one;
    const where = fields(one["state"])["terminated"] ? "state" : "lastState";
    const part = fields(one[where]);
    return { ...one, [where]: { ...part, terminated: { ...fields(part["terminated"]), message: line } } };
  });
  return { ...pod, status: { ...status, containerStatuses } };
}
