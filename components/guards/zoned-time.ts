/** Built by hand from its parts: Node and browsers differ in the commas and spaces they put between them, and the first HTML must read the same. */
function partsIn(ms: number, timeZone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
}

function knownZone(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

const yearMattersMs = 300 * 86_400_000;

/**
 * A moment as the clocks of a time zone show it: "17:00" on the same day as `nowMs`, else "Tue 1 Dec, 14:00", with the year when that is far away.
 * @param timeZone IANA name; one this machine does not know reads as UTC.
 */
export function formatInZone(at: string, timeZone: string, nowMs: number): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return at;
  const zone = knownZone(timeZone);
  const then = partsIn(ms, zone);
  const today = partsIn(nowMs, zone);
  const clock = `${then["hour"]}:${then["minute"]}`;
  if (then["day"] === today["day"] && then["month"] === today["month"] && then["year"] === today["year"]) return clock;
  const year = Math.abs(ms - nowMs) > yearMattersMs ? ` ${then["year"]}` : "";
  return `${then["weekday"]} ${then["day"]} ${then["month"]}${year}, ${clock}`;
}

/**
 * The same moment for the environment and for whoever reads it: "Tue 1 Dec, 14:00 (Europe/Paris; 13:00 here)". The second clock is left out when it
 * shows the same, or while the reader's zone is not known (`here` null, as on the server).
 */
export function formatInBothZones(at: string, timeZone: string, here: string | null, nowMs: number): string {
  const there = formatInZone(at, timeZone, nowMs);
  const local = here === null ? there : formatInZone(at, here, nowMs);
  if (local === there) return `${there} (${timeZone})`;
  const day = there.slice(0, -5);
  const short = day !== "" && local.startsWith(day) ? local.slice(day.length) : local;
  return `${there} (${timeZone}; ${short} here)`;
}
