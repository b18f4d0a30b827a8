import type { GoldenSignal } from "#lib/contracts/metrics.ts";
import { errorRatio, perSecond } from "#lib/domain/golden.ts";
import type { GoldenGrid } from "#lib/domain/golden.ts";
import type { RangeAnswer } from "#lib/services/metrics/ask-range.ts";

/** One query with how it was asked and answered. */
export interface AskedQuery extends RangeAnswer {
  title: string;
  query: string;
  url: string | null;
  wholeBigPod: boolean;
}

type Kind = Pick<GoldenSignal, "name" | "title" | "unit">;

/** A signal that is shown as Prometheus gives it. */
export function gaugeSignal(kind: Kind, asked: AskedQuery, grid: GoldenGrid): GoldenSignal {
  return finish({ ...kind, wholeBigPod: asked.wholeBigPod, state: asked.state, sentence: asked.sentence, queries: [shown(asked)], derived: null, series: asked.series, warnings: asked.warnings }, grid);
}

/** A counter's increase over the window, as a rate. */
export function rateSignal(kind: Kind, asked: AskedQuery, grid: GoldenGrid): GoldenSignal {
  const series = asked.series.map(({ name, values }) => ({ name, values: perSecond(values, grid.windowSeconds) }));
  return finish({ ...kind, wholeBigPod: asked.wholeBigPod, state: asked.state, sentence: asked.sentence, queries: [shown(asked)], derived: `The query's value divided by ${grid.windowSeconds} s.`, series, warnings: asked.warnings }, grid);
}

/** Failed requests as a share of all. What is missing of either is missing of the share, and said. */
export function errorSignal(requests: AskedQuery, errors: AskedQuery, grid: GoldenGrid): GoldenSignal {
  const series = requests.series.flatMap(({ name, values }) => {
    const failed = errors.series.find((candidate) => candidate.name === name);
    return failed === undefined ? [] : [{ name, values: errorRatio(failed.values, values) }];
  });
  const measured = series.some(({ values }) => values.some((value) => value !== null));
  const worse = [requests, errors].find(({ state }) => state !== "data" && state !== "empty");
  const state = worse?.state ?? (measured ? "data" : "empty");
  return finish({ name: "errors", title: "Failed requests", unit: "ratio", wholeBigPod: requests.wholeBigPod, state, sentence: worse?.sentence ?? (measured ? null : whyEmpty(requests, errors)), queries: [shown(errors), shown(requests)], derived: "Errors divided by requests; without requests there is a gap.", series: state === "data" ? series : [], warnings: [...new Set([...requests.warnings, ...errors.warnings])] }, grid);
}

function whyEmpty(requests: AskedQuery, errors: AskedQuery): string {
  if (requests.state === "empty") return `No requests were counted. ${requests.sentence ?? ""}`.trim();
  if (errors.state === "empty") return "The query for errors gives nothing, so that no share is known. Where a counter of failures only appears with the first of them, that is why; let it be exported as 0 from the start.";
  if (requests.series.every(({ values }) => values.every((value) => value === null || value <= 0))) return "There were no requests in this time.";
  return "Errors and requests have other labels, so that they cannot be divided. Let both queries give one series.";
}

function shown({ title, query, url }: AskedQuery): GoldenSignal["queries"][number] {
  return { title, query, url };
}

function finish(signal: Omit<GoldenSignal, "newestAt">, { fromMs, stepSeconds }: GoldenGrid): GoldenSignal {
  const newest = Math.max(-1, ...signal.series.map(({ values }) => values.findLastIndex((value) => value !== null)));
  return { ...signal, newestAt: newest < 0 ? null : new Date(fromMs + newest * stepSeconds * 1000).toISOString() };
}
