/** What Vigie asks of Prometheus (HTTP API v1). Throws VigieError "invalid" when the query is refused (its words are kept), "upstream" when it cannot be asked. */

export interface MetricSample {
  labels: Readonly<Record<string, string>>;
  /** NaN and infinities occur: whoever judges must say what they mean. */
  value: number;
  at: Date;
}

export interface MetricAnswer {
  samples: MetricSample[];
  /** Prometheus' own: the answer may be partial. */
  warnings: string[];
}

export interface MetricSeries {
  labels: Readonly<Record<string, string>>;
  /** Gaps are absent points. */
  points: { at: Date; value: number }[];
}

export interface MetricAlert {
  name: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  state: "pending" | "firing";
  /** When its expression began to hold, before `for:`. */
  activeAt: Date;
}

export interface MetricsApi {
  /** A scalar is one sample without labels; a string is refused as "invalid". */
  instant(query: string, at?: Date, signal?: AbortSignal): Promise<MetricAnswer>;
  range(query: string, span: { from: Date; to: Date; stepSeconds: number }, signal?: AbortSignal): Promise<{ series: MetricSeries[]; warnings: string[] }>;
  alerts(signal?: AbortSignal): Promise<MetricAlert[]>;
}
