export interface Panel {
  id: number;
  title: string;
  unit: "reqps" | "percentunit" | "s" | "bytes";
  /** PromQL with the dashboard's variables as $name. */
  expr: string;
}

export interface Dashboard {
  uid: string;
  title: string;
  /** Variables with their values when the address names none. */
  variables: Readonly<Record<string, string>>;
  panels: readonly Panel[];
}

const where = 'namespace="$namespace",bigpod="$bigpod"';

export const bigPodDashboard: Dashboard = {
  uid: "dreamscape-big-pods",
  title: "Big Pods",
  variables: { namespace: "dreamscape-prod", bigpod: "core" },
  panels: [
    { id: 1, title: "Requests", unit: "reqps", expr: `sum(rate(http_requests_total{${where}}[1m]))` },
    { id: 2, title: "Failed requests", unit: "percentunit", expr: `sum(rate(http_requests_total{${where},code=~"5.."}[1m])) / sum(rate(http_requests_total{${where}}[1m]))` },
    { id: 3, title: "Latency, 95th percentile", unit: "s", expr: `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{${where}}[1m])))` },
    { id: 4, title: "Memory", unit: "bytes", expr: `sum(container_memory_working_set_bytes{namespace="$namespace",pod=~"$bigpod-.+"})` },
  ],
};

export const dashboards: readonly Dashboard[] = [bigPodDashboard];
