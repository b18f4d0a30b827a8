import type { Labels } from "#sandbox/prometheus/promql/labels.ts";

export interface Sample {
  labels: Labels;
  value: number;
}

export interface Point {
  atMs: number;
  value: number;
}

export interface MatrixRow {
  labels: Labels;
  points: Point[];
}

/** What an expression gives at one moment. `fromMs`/`toMs` of a range: its borders, the offset taken off. */
export type Value =
  | { type: "scalar"; value: number }
  | { type: "string"; value: string }
  | { type: "vector"; samples: Sample[] }
  | { type: "matrix"; rows: MatrixRow[]; fromMs: number; toMs: number };

export const scalar = (value: number): Value => ({ type: "scalar", value });
export const vector = (samples: Sample[]): Value => ({ type: "vector", samples });
