import type { Measurement } from "#lib/domain/metric-judge.ts";

/** An alert as Prometheus tells it. */
export interface Alert {
  name: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  state: "pending" | "firing";
  /** When its expression began to hold. */
  activeAt: Date;
}

export interface AlertScope {
  environment: string;
  namespace: string;
  /** Big Pods that the operation changed, with their workloads' names. */
  bigPods: readonly { name: string; workload: string }[];
}

const namespaceLabels = ["namespace", "exported_namespace", "kubernetes_namespace"];
const environmentLabels = ["environment", "env"];
const bigPodLabels = ["big_pod", "bigpod", "bigPod", "deployment", "workload", "app", "app_kubernetes_io_name", "service", "job"];

/** Whether an alert concerns the target: by namespace where it has one, else by environment and Big Pod. Alerts of another namespace never do. */
export function concerns({ labels }: Pick<Alert, "labels">, { environment, namespace, bigPods }: AlertScope): boolean {
  const first = (names: readonly string[]): string | undefined => names.map((name) => labels[name]).find((value) => value !== undefined);
  const where = first(namespaceLabels);
  if (where !== undefined) return where === namespace;
  const which = first(environmentLabels);
  if (which !== undefined) return which === environment;
  const pod = labels.pod;
  return bigPods.some(({ name, workload }) => bigPodLabels.some((label) => labels[label] === name || labels[label] === workload) || pod?.startsWith(`${workload}-`) === true);
}

/** Alerts that came since the operation began and concern its target: a firing one fails, a pending one is not yet known. */
export function judgeNewAlerts(alerts: readonly Alert[], scope: AlertScope, since: Date): Measurement {
  const fresh = alerts.filter((alert) => concerns(alert, scope) && alert.activeAt.getTime() > since.getTime());
  const firing = fresh.filter((alert) => alert.state === "firing");
  const pending = fresh.filter((alert) => alert.state === "pending");
  if (firing.length > 0) return { verdict: "fail", sentence: `new since the operation began: ${firing.map(words).join("; ")}` };
  if (pending.length > 0) return { verdict: "inconclusive", sentence: `about to fire: ${pending.map(words).join("; ")}` };
  return { verdict: "pass", sentence: `no alert of ${scope.environment} came since ${since.toISOString()}` };
}

function words(alert: Alert): string {
  const summary = alert.annotations.summary ?? alert.annotations.description;
  return summary === undefined ? alert.name : `${alert.name} (${summary.slice(0, 200)})`;
}
