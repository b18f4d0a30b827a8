import { stringify } from "yaml";

export interface PortalConfigOptions {
  /** Paths are relative to the folder the file is written to. */
  kubeconfig: string;
  context: string;
  registryUrl: string;
  prometheusUrl: string;
  /** Left out: there is no Grafana. */
  grafanaUrl?: string;
  grafanaTokenFile?: string;
  alertmanagerUrl: string;
  /** What Alertmanager shows at the portal's webhook. */
  webhookSecretFile: string;
  githubUrl: string;
  issuer: string;
  clientId: string;
  clientSecretFile: string;
  /** Who is told of incidents. */
  slack?: { url: string; tokenFile: string; channel: string };
  /** Folder of runbooks. */
  runbooks?: string | undefined;
  /** Names of workloads beside DreamScape's, each of one container "app". */
  more?: readonly string[];
  /** Environments whose Big Pods have two colours. */
  blueGreen?: readonly string[];
}

export const signInProviderId = "demo";
const organisation = "dreamscape-ai";

/** The portal's configuration for the sandbox's platform: DreamScape as an example, with nothing that a real one could not say. */
export function portalConfig(options: PortalConfigOptions): string {
  const environments = ["dev", "staging", "prod"].map((name) => ({
    name,
    cluster: { kubeconfig: options.kubeconfig, context: options.context },
    namespace: `dreamscape-${name}`,
    policy: { rolloutTimeoutSeconds: 180, ...(options.blueGreen?.includes(name) === true ? { strategy: { kind: "blue-green", standbyMinutes: 30 } } : {}) },
  }));
  const config = {
    platform: { name: "DreamScape" },
    environments,
    bigPods: [...bigPods, ...(options.more ?? []).map((name) => ({ name, workload: { name }, services: [{ name: "app", container: "app" }] }))],
    registries: [{ host: "ghcr.io", url: options.registryUrl }],
    prometheus: [{ url: options.prometheusUrl }],
    ...(options.grafanaUrl === undefined ? {} : { grafana: { url: options.grafanaUrl, ...(options.grafanaTokenFile === undefined ? {} : { token: `file:${options.grafanaTokenFile}` }), embed: "direct", panels: grafanaPanels } }),
    alertmanager: [{ url: options.alertmanagerUrl }],
    alerting: { webhookSecret: `file:${options.webhookSecretFile}`, watchdog: { alert: "Watchdog", silentSeconds: 60 }, pollSeconds: 2 },
    // Short times: who plays with it does not wait five minutes to see an incident end.
    incidents: { healthSeconds: 5, quietMinutes: 1, verifyMinutes: 0.5 },
    github: { url: options.githubUrl },
    // Its processes have supervisors, which count restarts; there is no kube-state-metrics.
    goldenSignals: { restarts: 'sum(increase(supervisor_process_restarts_total{namespace="$namespace",bigpod="$bigPod"}[$range]))' },
    ...(options.runbooks === undefined ? {} : { runbooks: { folder: options.runbooks } }),
    ...(options.slack === undefined ? {} : { notifications: [{ kind: "slack", name: "slack", token: `file:${options.slack.tokenFile}`, to: options.slack.channel, url: options.slack.url, from: "warning" }] }),
    access: {
      providers: [{ id: signInProviderId, kind: "oidc", title: "Demo accounts", issuer: options.issuer, clientId: options.clientId, clientSecret: `file:${options.clientSecretFile}` }],
      roles: [
        { role: "viewer", groups: ["dreamscape-viewers"] },
        { role: "releaser", groups: ["dreamscape-releasers"] },
        { role: "admin", groups: ["dreamscape-admins"] },
      ],
    },
  };
  return `# Written by the sandbox at every start; changes are lost. For your own platform, write another file and name it in VIGIE_CONFIG.\n${stringify(config, { lineWidth: 0 })}`;
}

/** Two of the dashboard's panels, for every Big Pod: the variables follow it. */
const grafanaPanels = [
  { title: "Requests", dashboard: "dreamscape-big-pods", panel: 1, variables: { namespace: "$namespace", bigpod: "$bigPod" } },
  { title: "Latency, 95th percentile", dashboard: "dreamscape-big-pods", panel: 3, variables: { namespace: "$namespace", bigpod: "$bigPod" } },
];

/** Core as containers of one pod; Experience and Commerce as processes under a supervisor. Ports as DreamScape's repositories have them. */
const bigPods = [
  {
    name: "core",
    title: "Core",
    workload: { name: "core" },
    services: [
      { name: "nginx", container: "nginx", port: 80, healthPath: "/health", repository: `${organisation}/core-pod` },
      { name: "auth", container: "auth-service", port: 3001, healthPath: "/health", repository: `${organisation}/auth-service` },
      { name: "user", container: "user-service", port: 3002, healthPath: "/health", repository: `${organisation}/user-service` },
      { name: "health-monitor", container: "health-monitor", repository: `${organisation}/platform` },
    ],
  },
  {
    name: "experience",
    title: "Experience",
    workload: { name: "experience" },
    monitor: { port: 9000, path: "/health" },
    supervisor: { port: 9001, path: "/RPC2" },
    metrics: { form: "node_supervisord_state" },
    services: [
      { name: "voyage", process: "voyage", port: 3003, healthPath: "/health", repository: `${organisation}/experience-pod` },
      { name: "ai", process: "ai", port: 3005, healthPath: "/health", repository: `${organisation}/experience-pod` },
      { name: "panorama", process: "panorama", port: 3006, healthPath: "/health", repository: `${organisation}/experience-pod` },
    ],
  },
  {
    name: "commerce",
    title: "Commerce",
    workload: { name: "commerce" },
    monitor: { port: 9000, path: "/health" },
    supervisor: { port: 9001, path: "/RPC2" },
    metrics: { form: "node_supervisord_state" },
    services: [
      { name: "payment", process: "payment", port: 3004, healthPath: "/health", repository: `${organisation}/commerce-pod` },
      { name: "analytics", process: "analytics", port: 3007, healthPath: "/health", repository: `${organisation}/commerce-pod` },
    ],
  },
];
