/** A PromQL expression, as the evaluator takes it. Durations and times in milliseconds. */

export type ValueType = "scalar" | "string" | "vector" | "matrix";

/** Words of Prometheus' messages for the types. */
export const typeWords: Record<ValueType, string> = { scalar: "scalar", string: "string", vector: "instant vector", matrix: "range vector" };

export interface Matcher {
  label: string;
  op: "=" | "!=" | "=~" | "!~";
  value: string;
  matches(value: string): boolean;
}

export type At = number | "start" | "end";

export interface SelectorExpr {
  kind: "selector";
  matchers: readonly Matcher[];
  offsetMs: number;
  at?: At;
}

export interface MatrixExpr {
  kind: "matrix";
  selector: SelectorExpr;
  rangeMs: number;
}

export interface SubqueryExpr {
  kind: "subquery";
  expr: Expr;
  rangeMs: number;
  stepMs?: number;
  offsetMs: number;
  at?: At;
}

export interface CallExpr {
  kind: "call";
  name: string;
  args: readonly Expr[];
}

export interface AggregateExpr {
  kind: "aggregate";
  op: string;
  param?: Expr;
  expr: Expr;
  labels: ReadonlySet<string>;
  without: boolean;
}

export interface Matching {
  on: boolean;
  labels: ReadonlySet<string>;
  /** "left": many on the left (group_left). */
  group?: "left" | "right";
  include: readonly string[];
}

export interface BinaryExpr {
  kind: "binary";
  op: string;
  left: Expr;
  right: Expr;
  bool: boolean;
  matching: Matching;
}

export type Expr =
  | { kind: "number"; value: number }
  | { kind: "string"; value: string }
  | { kind: "paren"; expr: Expr }
  | { kind: "unary"; negative: boolean; expr: Expr }
  | SelectorExpr
  | MatrixExpr
  | SubqueryExpr
  | CallExpr
  | AggregateExpr
  | BinaryExpr;

export const comparisons: ReadonlySet<string> = new Set(["==", "!=", ">", "<", ">=", "<="]);
export const setOperators: ReadonlySet<string> = new Set(["and", "or", "unless"]);
