import { Temporal } from "temporal-polyfill";
import type { Config, EnvironmentConfig } from "#lib/contracts/config.ts";
import { gateMistakes } from "#lib/domain/config-rules-gates.ts";
import { isKnownTimeZone, recurrenceMistakes } from "#lib/domain/recurrence.ts";
import { freezeSpan, searchDays, unfrozen, windowSpans } from "#lib/domain/window.ts";
import type { Span } from "#lib/domain/window.ts";

type Path = (string | number)[];
interface Mistake {
  path: Path;
  expected: string;
}

const unknownZone = 'a time zone of the IANA database, such as "Europe/Paris"';

/** What the schema cannot say of policies: zones, recurrences, windows against each other and against freezes, gates. `now` is where the year of windows that is looked through begins. */
export function policyMistakes(config: Config, now: Date): Mistake[] {
  return config.environments.flatMap((environment, index) => {
    const at: Path = ["environments", index, "policy"];
    return [...windowMistakes(environment, at, now), ...drillMistakes(config, index, at), ...strategyMistakes(config, environment, at), ...gateMistakes(config, index, at)];
  });
}

function windowMistakes({ policy: { windows, freezes } }: EnvironmentConfig, at: Path, now: Date): Mistake[] {
  const mistakes: Mistake[] = [];
  windows.forEach((window, index) => {
    const place = [...at, "windows", index];
    if (windows.findIndex((other) => other.name === window.name) < index) mistakes.push({ path: [...place, "name"], expected: `another name: "${window.name}" stands above` });
    if (!isKnownTimeZone(window.timeZone)) mistakes.push({ path: [...place, "timeZone"], expected: `${unknownZone}; "${window.timeZone}" is not known` });
    for (const wrong of recurrenceMistakes(window)) mistakes.push({ path: wrong.index === null ? [...place, "on"] : [...place, "on", wrong.index], expected: wrong.expected });
  });
  freezes.forEach((freeze, index) => {
    const place = [...at, "freezes", index];
    if (!isKnownTimeZone(freeze.timeZone)) mistakes.push({ path: [...place, "timeZone"], expected: `${unknownZone}; "${freeze.timeZone}" is not known` });
    for (const end of ["from", "to"] as const) if (!isRealTime(freeze[end])) mistakes.push({ path: [...place, end], expected: `a day that exists: ${freeze[end]} does not` });
  });
  // What follows computes with zones, days and times: it needs them sound.
  if (mistakes.some((mistake) => mistake.path.at(-1) !== "name")) return mistakes;
  freezes.forEach((freeze, index) => {
    const { fromMs, toMs } = freezeSpan(freeze);
    if (toMs <= fromMs) mistakes.push({ path: [...at, "freezes", index, "to"], expected: `a moment after its beginning (${freeze.from})` });
  });
  const fromMs = now.getTime();
  const spans = windowSpans(windows, fromMs, fromMs + searchDays * 86_400_000);
  const left = unfrozen(spans, freezes);
  windows.forEach((window, index) => {
    const place = [...at, "windows", index];
    const overlapped = overlapping(spans, index);
    if (overlapped !== null) mistakes.push({ path: place, expected: `times that no other window has: "${window.name}" overlaps "${windows[overlapped.index]?.name ?? ""}" on ${new Date(overlapped.fromMs).toISOString().slice(0, 10)}` });
    if (left.some((span) => span.index === index)) return;
    const frozen = spans.some((span) => span.index === index);
    mistakes.push({ path: place, expected: frozen ? `a window that opens: freezes cover every time of "${window.name}" within a year` : `a window that opens: "${window.name}" does not within a year` });
  });
  return mistakes;
}

function isRealTime(text: string): boolean {
  try {
    return Temporal.PlainDateTime.from(text, { overflow: "reject" }) instanceof Temporal.PlainDateTime;
  } catch {
    return false;
  }
}

/** The first time that another, earlier listed window shares. Where clocks change, windows that only touch may seem to: those times are not looked at. */
function overlapping(spans: readonly Span[], index: number): Span | null {
  const sound = spans.filter((span) => !span.odd);
  let reach: Span | null = null;
  // In order of their begin, a span can only overlap the one before it that reaches furthest, or one that shares its end.
  for (const span of sound) {
    if (reach !== null && span.fromMs < reach.toMs && span.index !== reach.index && Math.max(span.index, reach.index) === index) return span.index === index ? reach : span;
    if (reach === null || span.toMs > reach.toMs) reach = span;
  }
  return null;
}

function drillMistakes(config: Config, index: number, at: Path): Mistake[] {
  const drill = config.environments[index]?.policy.drill;
  if (drill === undefined) return [];
  const mistakes: Mistake[] = recurrenceMistakes(drill).map((wrong) => ({ path: wrong.index === null ? [...at, "drill", "on"] : [...at, "drill", "on", wrong.index], expected: wrong.expected }));
  if (!isKnownTimeZone(drill.timeZone)) mistakes.push({ path: [...at, "drill", "timeZone"], expected: `${unknownZone}; "${drill.timeZone}" is not known` });
  if (index === config.environments.length - 1) mistakes.push({ path: [...at, "drill"], expected: "no drill in the last environment: a rehearsal takes a release away and brings it back, which only an environment before it can bear" });
  return mistakes;
}

function strategyMistakes(config: Config, { policy: { watch, strategy } }: EnvironmentConfig, at: Path): Mistake[] {
  const mistakes: Mistake[] = [];
  if (watch.mode === "rollback" && watch.watchMinutes === 0) mistakes.push({ path: [...at, "watch", "watchMinutes"], expected: "1 or more: with mode rollback and 0 minutes nothing is ever watched" });
  if (strategy.kind !== "blue-green") return mistakes;
  if (watch.mode === "rollback" && strategy.standbyMinutes < watch.watchMinutes) mistakes.push({ path: [...at, "strategy", "standbyMinutes"], expected: `at least watchMinutes (${watch.watchMinutes}): the colour to roll back to must still stand while it is watched` });
  config.bigPods.forEach(({ workload, blueGreen }, index) => {
    const [blue, green] = [blueGreen?.blue ?? `${workload.name}-blue`, blueGreen?.green ?? `${workload.name}-green`];
    const [service, preview] = [blueGreen?.service ?? workload.name, blueGreen?.previewService ?? `${workload.name}-preview`];
    if (blue === green) mistakes.push({ path: ["bigPods", index, "blueGreen", "green"], expected: `another Deployment than blue ("${blue}")` });
    if (service === preview) mistakes.push({ path: ["bigPods", index, "blueGreen", "previewService"], expected: `another Service than the one that serves ("${service}")` });
  });
  return mistakes;
}
