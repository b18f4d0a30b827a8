import { clean, containerStatuses, fields, list, text } from "#lib/domain/fold-read.ts";
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

const frame = /^(at |\^+$|[{}\])]+;?$|Node\.js v\d)/;
const complaint = /error|exception|panic|fatal|cannot|can't|failed|refused|denied|is not set|out of memory/i;
/** A supervisor's prefix ("voyage | "), a time, and the level behind it: the sentence begins after them. */
const decoration = /^(?:([\w.-]{1,40})\s*\|\s+)?(?:\[?\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}[^\s\]]*\]?\s+(?:\[?(?:trace|debug|info|warn|warning|error|fatal|critical)\]?:?\s+)?)?/i;

function plainLine(line: string): string {
  if (line.startsWith("{")) {
    try {
      const { msg, message } = fields(JSON.parse(line));
      const told = text(msg) ?? text(message);
      if (told !== null) return clean(told);
    } catch {
      // Not JSON after all: as it stands.
    }
  }
  const found = decoration.exec(line);
  const rest = found === null ? line : line.slice(found[0].length);
  return rest === "" ? line : found?.[1] === undefined ? rest : `${found[1]}: ${rest}`;
}

/** The line of a log that a person would quote: the last one that complains, else the last that is neither empty nor the frame of a stack trace; without its time and level. */
export function quotableLine(lines: readonly string[]): string | null {
  const cleaned = lines.map(clean).filter((line) => line !== "");
  const sentences = cleaned.filter((line) => !frame.test(line));
  const line = sentences.findLast((one) => complaint.test(one)) ?? sentences.at(-1) ?? cleaned.at(-1);
  return line === undefined ? null : plainLine(line);
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
