import type { z } from "zod";
import { ask } from "#lib/adapters/prometheus/http.ts";
import { alertsReplySchema, errorReplySchema, instantReplySchema, rangeReplySchema } from "#lib/adapters/prometheus/replies.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { MetricSample, MetricsApi } from "#lib/ports/metrics.ts";

export interface PrometheusOptions {
  /** With the path in front of /api/v1, if there is one. */
  url: string;
  /** Value of the Authorization header; null asks without. */
  authorization: string | null;
  /** Of each request. */
  timeoutMs?: number;
  maximumBytes?: number;
}

/** Prometheus refuses a range of more points per series. */
export const maximumPoints = 11_000;
const longestQuery = 10_000;
const longestWords = 500;

/** Reads from one Prometheus, or what speaks its HTTP API v1 (Thanos, Mimir, VictoriaMetrics). Nothing is retried: who asks again knows why. */
export function createPrometheus({ url, authorization, timeoutMs = 10_000, maximumBytes = 8 * 1024 * 1024 }: PrometheusOptions): MetricsApi {
  const base = new URL(url);
  const place = base.host;
  const headers: Record<string, string> = authorization === null ? {} : { authorization };
  const upstream = (why: string, cause?: unknown): VigieError => new VigieError("upstream", `Prometheus at ${place} cannot be asked: ${why}.`, { detail: { prometheus: place }, cause });
  const unbelievable = (why: string): VigieError => new VigieError("upstream", `Prometheus at ${place} answered something that is not its API: ${why}. Check its address in vigie.yaml.`, { detail: { prometheus: place } });

  async function call<Reply>(path: string, form: URLSearchParams | undefined, schema: z.ZodType<Reply>, signal: AbortSignal | undefined): Promise<Reply> {
    const target = new URL(`${base.pathname.replace(/\/$/, "")}/api/v1/${path}`, base);
    const reply = await ask({ url: target, headers, form, timeoutMs, maximumBytes, signal }).catch((error: unknown) => {
      throw upstream(error instanceof Error ? error.message : String(error), error);
    });
    const body = parseJson(reply.body);
    if (reply.status !== 200) throw refusal(reply.status, body);
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw unbelievable(body === undefined ? `it is not JSON${reply.contentType === "" ? "" : ` but ${reply.contentType.slice(0, 60)}`}` : `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim().slice(0, 200));
  }

  /** 400 and 422 are about the question, everything else about Prometheus or the way to it. */
  function refusal(status: number, body: unknown): VigieError {
    const said = errorReplySchema.safeParse(body).data;
    const words = said?.error.slice(0, longestWords);
    if ((status === 400 || status === 422) && words !== undefined) return new VigieError("invalid", `Prometheus refuses the query: ${words}`, { detail: { prometheus: place, errorType: said?.errorType ?? "unknown", words } });
    if (status === 401 || status === 403) return upstream(`it refuses Vigie (${status}): check bearerToken, or username and password, under prometheus in vigie.yaml`);
    if (status === 404) return unbelievable("there is nothing at /api/v1 (404)");
    if (status >= 300 && status < 400) return unbelievable(`it sends us elsewhere (${status}), perhaps to a sign-in page`);
    return upstream(`it answers ${status}${words === undefined ? "" : `: ${words}`}`);
  }

  function formOf(query: string, more: Record<string, string>): URLSearchParams {
    if (query.length > longestQuery) throw new VigieError("invalid", `The query has ${query.length} characters; ${longestQuery} are possible.`);
    return new URLSearchParams({ query, timeout: `${Math.max(1, Math.floor(timeoutMs / 1000))}s`, ...more });
  }

  return {
    async instant(query, at, signal) {
      const { data, warnings = [] } = await call("query", formOf(query, at === undefined ? {} : { time: secondsOf(at) }), instantReplySchema, signal);
      switch (data.resultType) {
        case "vector":
          return { samples: data.result.flatMap(({ metric, value }): MetricSample[] => (value === undefined ? [] : [{ labels: metric, value: value[1], at: dateOf(value[0]) }])), warnings: [...warnings, ...leftOut(data.result.filter(({ value }) => value === undefined).length)] };
        case "scalar":
          return { samples: [{ labels: {}, value: data.result[1], at: dateOf(data.result[0]) }], warnings };
        case "string":
          throw new VigieError("invalid", "The query gives a text, not a number. Ask for a vector or a scalar.");
        case "matrix":
          throw new VigieError("invalid", "The query gives a range of each series, not one number. Take something over the range, such as rate(…) or avg_over_time(…).");
      }
    },
    async range(query, { from, to, stepSeconds }, signal) {
      const seconds = (to.getTime() - from.getTime()) / 1000;
      if (!(seconds >= 0)) throw new VigieError("invalid", "The range ends before it begins.");
      if (!(stepSeconds > 0)) throw new VigieError("invalid", "The step of a range must be more than zero seconds.");
      if (seconds / stepSeconds > maximumPoints) throw new VigieError("invalid", `${Math.ceil(seconds / 3600)} h in steps of ${stepSeconds} s are more than the ${maximumPoints} points that Prometheus gives. Use a step of at least ${smallestStepSeconds(from, to)} s.`);
      const { data, warnings = [] } = await call("query_range", formOf(query, { start: secondsOf(from), end: secondsOf(to), step: String(stepSeconds) }), rangeReplySchema, signal);
      const series = data.result.flatMap(({ metric, values }) => (values === undefined ? [] : [{ labels: metric, points: values.map(([at, value]) => ({ at: dateOf(at), value })) }]));
      return { series, warnings: [...warnings, ...leftOut(data.result.length - series.length)] };
    },
    async alerts(signal) {
      const { data } = await call("alerts", undefined, alertsReplySchema, signal);
      return data.alerts.flatMap(({ labels, annotations, state, activeAt }) => {
        if ((state !== "pending" && state !== "firing") || activeAt === undefined) return [];
        return [{ name: labels.alertname ?? "", labels, annotations: annotations ?? {}, state, activeAt: new Date(activeAt) }];
      });
    },
  };
}

/** The smallest step, in whole seconds, with which a range stays within Prometheus' points. */
export function smallestStepSeconds(from: Date, to: Date): number {
  return Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 1000 / maximumPoints));
}

function leftOut(count: number): string[] {
  return count === 0 ? [] : [`${count} series of native histograms were left out: Vigie reads numbers only.`];
}

function secondsOf(at: Date): string {
  return String(at.getTime() / 1000);
}

function dateOf(seconds: number): Date {
  return new Date(Math.round(seconds * 1000));
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
