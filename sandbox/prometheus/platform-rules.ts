import { stringify } from "yaml";
import type { AlertRule } from "#sandbox/prometheus/rules.ts";

const place = "{{ $labels.service }} of {{ $labels.bigpod }} in {{ $labels.environment }}";
const by = "environment, namespace, bigpod, service";

/** What DreamScape alerts on. */
export const platformRules: readonly AlertRule[] = [
  {
    alert: "Watchdog",
    expr: "vector(1)",
    forSeconds: 0,
    labels: { severity: "none" },
    annotations: { summary: "Always firing: when this is missing, alerting is broken." },
  },
  {
    alert: "HighErrorRatio",
    expr: `sum by (${by}) (rate(http_requests_total{code=~"5.."}[1m])) / sum by (${by}) (rate(http_requests_total[1m])) > 0.05`,
    forSeconds: 60,
    labels: { severity: "critical" },
    annotations: { summary: `{{ $value | humanizePercentage }} of the requests to ${place} fail.`, runbook: "high-error-ratio" },
  },
  {
    alert: "HighLatency",
    expr: `histogram_quantile(0.95, sum by (le, ${by}) (rate(http_request_duration_seconds_bucket[1m]))) > 1`,
    forSeconds: 60,
    labels: { severity: "warning" },
    annotations: { summary: `One answer in twenty of ${place} takes longer than {{ $value | humanize }} s.`, runbook: "high-latency" },
  },
  {
    alert: "ProcessNotRunning",
    expr: "node_supervisord_state > 20",
    forSeconds: 15,
    labels: { severity: "critical", service: "{{ $labels.name }}" },
    annotations: { summary: "{{ $labels.name }} in {{ $labels.pod }} ({{ $labels.environment }}) is not running: its supervisor's state is {{ $value }}.", runbook: "process-not-running" },
  },
  {
    alert: "TargetDown",
    // A supervised process that is down is told of by its supervisor, and once is enough.
    expr: 'up{job="pods"} == 0 unless on (namespace, pod, service) label_replace(node_supervisord_state, "service", "$1", "name", "(.+)")',
    forSeconds: 15,
    labels: { severity: "critical" },
    annotations: { summary: `${place} does not answer.`, runbook: "process-not-running" },
  },
  {
    alert: "MemoryNearLimit",
    expr: "max_over_time(container_memory_working_set_bytes[30s]) / container_spec_memory_limit_bytes > 0.9",
    forSeconds: 30,
    labels: { severity: "warning" },
    annotations: { summary: "{{ $labels.container }} in {{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit.", runbook: "memory-near-limit" },
  },
];

export const platformGroup = "dreamscape";

/** The same rules as a file for a real Prometheus. `speed` shortens every `for`. */
export function rulesYaml(rules: readonly AlertRule[] = platformRules, { speed = 1, intervalSeconds = 5 }: { speed?: number; intervalSeconds?: number } = {}): string {
  const file = { groups: [{ name: platformGroup, interval: `${intervalSeconds}s`, rules: rules.map(({ alert, expr, forSeconds, labels, annotations }) => ({ alert, expr, for: `${Math.ceil((forSeconds * 1000) / speed)}ms`, labels, annotations })) }] };
  return stringify(file, { lineWidth: 0 });
}
