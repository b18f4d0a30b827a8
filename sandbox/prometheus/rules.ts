import type { Expr } from "#sandbox/prometheus/promql/ast.ts";
import { PromqlError } from "#sandbox/prometheus/promql/error.ts";
import { Evaluator } from "#sandbox/prometheus/promql/evaluate.ts";
import { makeLabels, nameLabel, withoutName, type Labels } from "#sandbox/prometheus/promql/labels.ts";
import { parsePromql } from "#sandbox/prometheus/promql/parse.ts";
import type { SeriesStore } from "#sandbox/prometheus/store.ts";
import { fillTemplate } from "#sandbox/prometheus/template.ts";

/** An alert rule as a rules file has it. */
export interface AlertRule {
  alert: string;
  expr: string;
  forSeconds: number;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
}

export interface ActiveAlert {
  labels: Labels;
  annotations: Readonly<Record<string, string>>;
  state: "pending" | "firing";
  activeAtMs: number;
  value: number;
}

export interface RuleState {
  rule: AlertRule;
  alerts: readonly ActiveAlert[];
  health: "unknown" | "ok" | "err";
  lastError?: string;
  lastEvaluationMs: number;
  /** Seconds that the last evaluation took. */
  evaluationSeconds: number;
}

/** Alert rules and what they found, evaluated against the store. */
export interface RuleGroup {
  readonly name: string;
  /** A rule a step. */
  evaluate(atMs: number): Generator<void, void>;
  states(): readonly RuleState[];
}

interface Running extends RuleState {
  expr: Expr;
  active: Map<string, ActiveAlert>;
  written: Map<string, Labels>;
}

/** `speed` shortens every `for`, as it does the back-off of containers. A rule that is `muted` finds nothing. */
export function createRuleGroup({ name, rules, store, speed = 1, muted = () => false }: { name: string; rules: readonly AlertRule[]; store: SeriesStore; speed?: number; muted?: (alert: string) => boolean }): RuleGroup {
  const running: Running[] = rules.map((rule) => ({ rule, expr: parsePromql(rule.expr), alerts: [], active: new Map(), written: new Map(), health: "unknown", lastEvaluationMs: 0, evaluationSeconds: 0 }));

  function evaluateOne(state: Running, atMs: number): void {
    const { rule } = state;
    const value = new Evaluator(store, { startMs: atMs, endMs: atMs }).at(state.expr, atMs);
    const samples = muted(rule.alert) ? [] : value.type === "vector" ? value.samples : value.type === "scalar" ? [{ labels: makeLabels({}), value: value.value }] : [];
    const active = new Map<string, ActiveAlert>();
    for (const sample of samples) {
      const own = withoutName(sample.labels);
      const filled = (texts: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fillTemplate(text, own.values, sample.value)]));
      const labels = makeLabels({ ...own.values, ...filled(rule.labels), alertname: rule.alert });
      const activeAtMs = state.active.get(labels.key)?.activeAtMs ?? atMs;
      const firing = atMs - activeAtMs >= (rule.forSeconds * 1000) / speed;
      active.set(labels.key, { labels, annotations: filled(rule.annotations), state: firing ? "firing" : "pending", activeAtMs, value: sample.value });
    }
    state.active = active;
    state.alerts = [...active.values()];
    write(state, atMs);
  }

  /** The series ALERTS and ALERTS_FOR_STATE, as Prometheus keeps them. */
  function write(state: Running, atMs: number): void {
    const written = new Map<string, Labels>();
    for (const alert of state.alerts) {
      const alerts = makeLabels({ ...alert.labels.values, alertstate: alert.state, [nameLabel]: "ALERTS" });
      const since = makeLabels({ ...alert.labels.values, [nameLabel]: "ALERTS_FOR_STATE" });
      store.append(alerts, atMs, 1);
      store.append(since, atMs, Math.floor(alert.activeAtMs / 1000));
      written.set(alerts.key, alerts).set(since.key, since);
    }
    for (const [key, labels] of state.written) if (!written.has(key)) store.markStale(labels, atMs);
    state.written = written;
  }

  function* evaluate(atMs: number): Generator<void, void> {
    for (const state of running) {
      const begun = performance.now();
      try {
        evaluateOne(state, atMs);
        state.health = "ok";
        delete state.lastError;
      } catch (error) {
        if (!(error instanceof PromqlError)) throw error;
        state.health = "err";
        state.lastError = error.message;
      }
      state.lastEvaluationMs = atMs;
      state.evaluationSeconds = (performance.now() - begun) / 1000;
      yield;
    }
  }

  return {
    name,
    evaluate,
    states: () => running,
  };
}
