import { z } from "zod";
import { auditConfigSchema } from "#lib/contracts/config-audit.ts";
import { name, secretReferenceSchema } from "#lib/contracts/config-values.ts";
import { roles } from "#lib/domain/access.ts";

/** vigie.yaml. Every object is strict, so a misspelt key is a mistake with a line, not a silent default. */

const path = z.string().regex(/^\/[^\s]*$/, "an absolute URL path such as /health");
const port = z.int().min(1).max(65535);

export const clusterConfigSchema = z
  .strictObject({
    /** Path of a kubeconfig file, relative to vigie.yaml. */
    kubeconfig: z.string().min(1).optional(),
    /** Context in that file; its current context when left out. */
    context: z.string().min(1).optional(),
    inCluster: z.literal(true).optional(),
    /** Commands of `exec` credential plugins, or names of auth providers, that this kubeconfig may use. None by default: they run programs. */
    allowPlugins: z.array(z.string()).default([]),
  })
  .refine((c) => (c.inCluster === true) !== (c.kubeconfig !== undefined), "either kubeconfig (a file) or inCluster: true");

const timeOfDay = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, "a time of day such as 14:00");
/** IANA name; the domain rules say whether it is known ("Europe/Paris"). */
const timeZone = z.string().min(1).max(64);
/** No zone and no offset in it: the zone stands beside it. */
const localTime = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/, "a local date and time such as 2026-12-24T18:00");

/** When something recurs. `on` for weeks: weekdays ("tuesday"); for months: "first tuesday" … "last friday", or a day "1" … "31"; for days: left out. */
const recurrence = { every: z.enum(["day", "week", "month"]), on: z.array(z.string().min(1).max(20)).max(31).default([]), timeZone };
export const windowConfigSchema = z.strictObject({ name: z.string().min(1).max(60), ...recurrence, from: timeOfDay, /** Not after `from`: it ends the next day. */ to: timeOfDay });
export const freezeConfigSchema = z.strictObject({ name: z.string().min(1).max(60), from: localTime, to: localTime, timeZone, reason: z.string().min(3).max(200) });

export const smokeCheckConfigSchema = z
  .strictObject({
    /** A service of a Big Pod: its health path in every ready pod, or another `path`. All services with a health path when both are left out. */
    bigPod: name.optional(),
    service: name.optional(),
    path: path.optional(),
    /** Or an address outside; its host must stand in `egress.allow`. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    status: z.int().min(100).max(599).default(200),
    /** Path into a JSON answer, "$.status" or "$.checks[0].ok", and what must stand there. */
    jsonPath: z.string().regex(/^\$([.][A-Za-z_][\w-]*|\[[0-9]+\]|\["[^"]+"\])*$/, "a path such as $.status").optional(),
    equals: z.union([z.string(), z.number(), z.boolean()]).optional(),
    latencyLimitMs: z.int().min(1).max(60_000).default(5_000),
  })
  .refine((c) => !(c.url !== undefined && (c.bigPod !== undefined || c.service !== undefined || c.path !== undefined)), "either url, or bigPod, service and path")
  .refine((c) => (c.jsonPath === undefined) === (c.equals === undefined), "jsonPath and equals together");

const metricGate = {
  name: z.string().min(1).max(60),
  /** PromQL; $environment, $namespace and $bigPods (an alternation for =~) are filled in. Must give one series. */
  query: z.string().min(1).max(2_000),
  /** Comparison that a good value meets: "< 0.01". */
  pass: z.string().regex(/^(<|<=|>|>=|==|!=)\s*-?[0-9]+([.][0-9]+)?$/, "a comparison such as < 0.01"),
  intervalSeconds: z.int().min(5).max(600).default(15),
  count: z.int().min(1).max(100).default(1),
  failureLimit: z.int().min(0).max(100).default(0),
  inconclusiveLimit: z.int().min(0).max(100).default(0),
};
/** Where a gate before a promotion is asked: in the environment that is promoted to, or in the one it comes from. */
const askedIn = z.enum(["target", "source"]).default("target");
export const beforeGateConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("parity") }),
  z.strictObject({ kind: z.literal("no-incident") }),
  z.strictObject({ kind: z.literal("smoke"), in: askedIn, checks: z.array(smokeCheckConfigSchema).max(50).default([]) }),
  z.strictObject({ kind: z.literal("metric"), in: askedIn, ...metricGate }),
]);
export const afterGateConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("no-new-alert") }),
  z.strictObject({ kind: z.literal("smoke"), checks: z.array(smokeCheckConfigSchema).max(50).default([]) }),
  z.strictObject({ kind: z.literal("metric"), ...metricGate }),
]);

export const strategyConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("rolling") }),
  z.strictObject({
    kind: z.literal("blue-green"),
    /** How long the old colour is kept for a rollback that is one switch; then it is scaled down. */
    standbyMinutes: z.int().min(1).max(7 * 24 * 60).default(30),
  }),
]);

export const environmentConfigSchema = z.strictObject({
  name,
  title: z.string().min(1).max(40).optional(),
  cluster: clusterConfigSchema,
  namespace: name,
  policy: z
    .strictObject({
      /** Environment from which promotions come; the one before it in the list when left out. */
      promotesFrom: name.optional(),
      /** How long a rollout may take before it is called failed. The workload's own progressDeadlineSeconds counts too. */
      rolloutTimeoutSeconds: z.int().min(10).max(3600).default(600),
      /** What changes this environment takes a sign-in of the last so many minutes; 0: any session will do. Left out: access.recentSignInMinutes in the last environment, 0 in the others. */
      recentSignInMinutes: z.number().min(0).max(1440).optional(),
      strategy: strategyConfigSchema.prefault({ kind: "rolling" }),
      /** The source must have been healthy this long without a break. 0: that it is healthy now is enough. */
      soakMinutes: z.int().min(0).max(30 * 24 * 60).default(0),
      /** After everything is up, "after" gates are asked again and again for this long. */
      bakeMinutes: z.int().min(0).max(24 * 60).default(0),
      approvals: z.strictObject({ required: z.int().min(0).max(5).default(0), expiresMinutes: z.int().min(1).max(7 * 24 * 60).default(240) }).prefault({}),
      /** Promotions run inside one of these; always when there are none. Rollbacks are never held back. */
      windows: z.array(windowConfigSchema).max(20).default([]),
      freezes: z.array(freezeConfigSchema).max(50).default([]),
      gates: z.strictObject({ before: z.array(beforeGateConfigSchema).max(30).default([]), after: z.array(afterGateConfigSchema).max(30).default([]) }).prefault({}),
      /** After a promotion: what happens when its Big Pods fail or alert within watchMinutes. */
      watch: z.strictObject({ watchMinutes: z.int().min(0).max(24 * 60).default(15), mode: z.enum(["observe", "rollback"]).default("observe") }).prefault({}),
      /** Rehearses the way back by itself: rolls back and returns. Never in the last environment. */
      drill: z.strictObject({ ...recurrence, at: timeOfDay }).optional(),
    })
    .prefault({}),
});

export const serviceConfigSchema = z
  .strictObject({
    name,
    /** The container that is this service. */
    container: name.optional(),
    /** Or: the supervised process, inside `inContainer` (the only container when left out). */
    process: z.string().min(1).max(63).optional(),
    inContainer: name.optional(),
    port: port.optional(),
    healthPath: path.optional(),
    /** Source repository, "owner/name" on GitHub or a URL. */
    repository: z.string().min(1).optional(),
  })
  .refine((s) => (s.container === undefined) !== (s.process === undefined), "either container or process");

export const bigPodConfigSchema = z.strictObject({
  name,
  title: z.string().min(1).max(40).optional(),
  workload: z.strictObject({ kind: z.literal("Deployment").default("Deployment"), name }),
  /** One endpoint that answers application/health+json with a check per process ("voyage:process"). Asked in every pod. */
  monitor: z.strictObject({ port, path: path.default("/health") }).optional(),
  /** supervisord's XML-RPC server (an [inet_http_server] without a password), asked in every pod through the pod proxy. */
  supervisor: z.strictObject({ port: port.default(9001), path: path.default("/RPC2") }).optional(),
  /** States of processes as the environment's Prometheus has them. */
  metrics: z
    .strictObject({
      /** node_supervisord_state: node_exporter's collector "supervisord". supervisor_process_info: supervisord_exporter. */
      form: z.enum(["node_supervisord_state", "supervisor_process_info"]),
      /** PromQL that gives those series; $environment and $namespace are filled in. Left out: the metric in the environment's namespace. */
      query: z.string().min(1).max(2_000).optional(),
      /** Labels that name the pod and the process. */
      podLabel: z.string().min(1).max(100).default("pod"),
      processLabel: z.string().min(1).max(100).default("name"),
    })
    .optional(),
  /** CronJobs that belong to it: a failed or missed run makes it amber. */
  cronJobs: z.array(name).max(20).optional(),
  /** True: a NetworkPolicy must select its pods. */
  networkPolicy: z.boolean().optional(),
  /** How long a new pod may take to become ready before its rollout is called broken, when its probes do not say (at most 25 s then). */
  startSeconds: z.int().min(5).max(3_600).optional(),
  /** Names for environments whose strategy is blue-green. Left out: <workload>-blue, <workload>-green, Services <workload> and <workload>-preview. */
  blueGreen: z
    .strictObject({ blue: name.optional(), green: name.optional(), service: name.optional(), previewService: name.optional(), /** Label that tells the colours apart, in the Services' selectors and the pods. */ label: z.string().min(1).max(100).default("vigie.dev/colour") })
    .optional(),
  services: z.array(serviceConfigSchema).min(1),
});

export const prometheusConfigSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Environments it knows; all when left out. */
  environments: z.array(name).min(1).optional(),
  bearerToken: secretReferenceSchema.optional(),
  username: z.string().optional(),
  password: secretReferenceSchema.optional(),
});

export const alertmanagerConfigSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Environments whose alerts it has; all when left out. */
  environments: z.array(name).min(1).optional(),
  bearerToken: secretReferenceSchema.optional(),
  username: z.string().optional(),
  password: secretReferenceSchema.optional(),
});

const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "a label name");
/** How alerts are heard and which Big Pod they are about. */
export const alertingConfigSchema = z.strictObject({
  /** How often Alertmanager and Prometheus are asked. Webhooks come in between. */
  pollSeconds: z.int().min(1).max(300).default(10),
  /** POST /api/webhooks/alertmanager is answered only with this secret: as bearer token, or as key of a signature. Left out: there is no webhook. */
  webhookSecret: secretReferenceSchema.optional(),
  /** An alert that always fires. Missing for silentSeconds: the monitoring is blind. Left out: nothing is concluded from silence. */
  watchdog: z.strictObject({ alert: z.string().min(1).max(100).default("Watchdog"), silentSeconds: z.int().min(10).max(3_600).default(120) }).optional(),
  /** Labels that say where an alert belongs, the first that is there counts. Values: an environment's name or namespace, a Big Pod's or workload's name, a service's. */
  labels: z
    .strictObject({
      environment: z.array(labelName).max(10).default(["environment", "env", "namespace"]),
      bigPod: z.array(labelName).max(10).default(["big_pod", "bigpod", "deployment", "app"]),
      service: z.array(labelName).max(10).default(["service", "process", "container", "job"]),
      severity: labelName.default("severity"),
    })
    .prefault({}),
});

export const incidentsConfigSchema = z.strictObject({
  /** Quiet this long: resolved by itself. */
  quietMinutes: z.number().min(0.05).max(24 * 60).default(5),
  /** Comes back within this time after it was resolved: reopened, and called flapping. */
  flapMinutes: z.number().min(0).max(24 * 60).default(10),
  /** How long a Big Pod must be broken before that is a signal. What operations change meanwhile is theirs to judge. */
  healthSeconds: z.int().min(0).max(3_600).default(15),
  /** Changes up to this long before the onset are suspects. */
  suspectMinutes: z.int().min(1).max(7 * 24 * 60).default(60),
  /** Length of the window after a suspected change that is compared with the time before it. Errors and restarts are counted over up to four times as long before. */
  compareMinutes: z.number().min(0.1).max(24 * 60).default(15),
  /** After a remedy alerts must be quiet this long before it is called recovered. */
  verifyMinutes: z.number().min(0.05).max(24 * 60).default(2),
  /** Big Pods that a Big Pod needs: changes to them are suspects too, behind its own. */
  dependencies: z.record(name, z.array(name).max(20)).default({}),
  /** How long ended incidents, signals and evidence are kept. */
  keepDays: z.int().min(1).max(3_650).default(400),
});

/** PromQL of the golden signals; $environment, $namespace, $bigPod, $service (a regular expression: .* for all) and $range are filled in. */
export const goldenSignalsConfigSchema = z.strictObject({
  /** Least $range of charts: four scrape intervals, so that a missed scrape is no gap. */
  windowSeconds: z.int().min(5).max(3_600).default(60),
  /** Counters, as increase over $range: must give one series. */
  requests: z.string().max(2_000).default('sum(increase(http_requests_total{namespace="$namespace",bigpod="$bigPod",service=~"$service"}[$range]))'),
  errors: z.string().max(2_000).default('sum(increase(http_requests_total{namespace="$namespace",bigpod="$bigPod",service=~"$service",code=~"5.."}[$range]))'),
  /** Seconds, as they were in the last $range. */
  latency: z.string().max(2_000).default('histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{namespace="$namespace",bigpod="$bigPod",service=~"$service"}[$range])))'),
  /** Bytes, as cAdvisor tells them: it knows pods by name, not Big Pods. */
  memory: z.string().max(2_000).default('sum(container_memory_working_set_bytes{namespace="$namespace",pod=~"$bigPod-((blue|green)-)?[a-z0-9]+-[a-z0-9]{5}",container!=""})'),
  /** Restarts of containers or processes, as increase over $range. */
  restarts: z.string().max(2_000).default('sum(increase(kube_pod_container_status_restarts_total{namespace="$namespace",pod=~"$bigPod-((blue|green)-)?[a-z0-9]+-[a-z0-9]{5}"}[$range]))'),
  /** Share of the limit, 0 to 1 and above. */
  saturation: z.string().max(2_000).default('max(container_memory_working_set_bytes{namespace="$namespace",pod=~"$bigPod-((blue|green)-)?[a-z0-9]+-[a-z0-9]{5}",container!=""} / (container_spec_memory_limit_bytes{namespace="$namespace",pod=~"$bigPod-((blue|green)-)?[a-z0-9]+-[a-z0-9]{5}",container!=""} > 0))'),
});

export const grafanaConfigSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Address that browsers use, where it is another one. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Service account token: annotations, and panels through the reverse path. */
  token: secretReferenceSchema.optional(),
  /** direct: the browser frames Grafana itself. proxy: pictures of panels, fetched with the token, under /grafana of the portal. */
  embed: z.enum(["direct", "proxy"]).default("direct"),
  /** Promotions and rollbacks become annotations. */
  annotations: z.boolean().default(true),
  panels: z
    .array(
      z.strictObject({
        title: z.string().min(1).max(60),
        dashboard: z.string().regex(/^[A-Za-z0-9_-]{1,40}$/, "the uid of a dashboard"),
        panel: z.int().min(1),
        /** Variables; $environment, $namespace and $bigPod are filled in. */
        variables: z.record(z.string().regex(/^[A-Za-z0-9_]{1,50}$/), z.string().max(200)).default({}),
        /** Big Pods it is shown for; all when left out. */
        bigPods: z.array(name).optional(),
      }),
    )
    .max(20)
    .default([]),
});

export const runbooksConfigSchema = z.strictObject({
  /** Folder of Markdown files, relative to vigie.yaml: <name>.md for an alert's annotation `runbook` or its name in kebab-case. */
  folder: z.string().min(1).optional(),
  /** Or an address; $alert and $runbook are filled in. Its host and those of an alert's `runbook_url` must stand in allow. */
  url: z.string().max(500).optional(),
  allow: z.array(z.string().min(1).max(255)).max(50).default([]),
});

const channel = { name, /** Least severity that is told. */ from: z.enum(["critical", "warning", "info"]).default("warning"), environments: z.array(name).min(1).optional() };
export const notificationConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("slack"), ...channel, token: secretReferenceSchema, /** Channel id, "C0123456789". */ to: z.string().min(1).max(80), /** Base URL of the Web API. */ url: z.url({ protocol: /^https?$/ }).default("https://slack.com/api") }),
  z.strictObject({ kind: z.literal("email"), ...channel, host: z.string().min(1).max(255), port: port.default(587), secure: z.boolean().default(false), username: z.string().optional(), password: secretReferenceSchema.optional(), sender: z.email(), to: z.array(z.email()).min(1).max(50) }),
  z.strictObject({ kind: z.literal("webhook"), ...channel, url: z.url({ protocol: /^https?$/ }), /** Key of the signature (HMAC-SHA256). */ secret: secretReferenceSchema }),
]);

export const registryConfigSchema = z.strictObject({
  /** Host as it stands in image references: "ghcr.io". */
  host: z.string().min(1),
  /** Where to ask instead of https://<host>: a mirror or a local registry. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  username: z.string().optional(),
  password: secretReferenceSchema.optional(),
});

/** Where the images' source code lives: a suspected release is shown with its commits then. */
export const githubConfigSchema = z.strictObject({
  /** Host of the repositories' addresses. */
  host: z.string().min(1).max(255).toLowerCase().default("github.com"),
  /** Of the REST API; https://<host>/api/v3 for an Enterprise Server. */
  url: z.url({ protocol: /^https?$/ }).default("https://api.github.com"),
  /** May read the repositories' contents. Public repositories need none, but GitHub then answers 60 questions an hour. */
  token: secretReferenceSchema.optional(),
});

const providerBase = { id: name, title: z.string().min(1).max(40), clientId: z.string().min(1), clientSecret: secretReferenceSchema };
export const identityProviderConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("oidc"), ...providerBase, /** https, or http on loopback only while the portal listens on loopback only. */ issuer: z.url({ protocol: /^https?$/ }), groupsClaim: z.string().default("groups"), /** False: it cannot say when people signed in there (auth_time), so that coming back from it counts as signing in. */ authTime: z.boolean().default(true) }),
  z.strictObject({ kind: z.literal("github"), ...providerBase, /** Base URL of a GitHub Enterprise Server. */ url: z.url({ protocol: /^https?$/ }).optional(), /** Only members of these organisations may sign in. */ organisations: z.array(z.string()).default([]) }),
]);

export const roleBindingConfigSchema = z
  .strictObject({
    role: z.enum(roles),
    /** Environments it holds in; all when left out. */
    environments: z.array(name).min(1).optional(),
    /** Groups of the OIDC provider, or GitHub teams as "organisation/team". */
    groups: z.array(z.string()).default([]),
    /** Verified e-mail addresses. */
    users: z.array(z.email()).default([]),
  })
  .refine((b) => b.groups.length + b.users.length > 0, "at least one group or user");

const perMinute = z.int().min(1).max(1_000_000);
/** Uses in a minute, over all replicas together; a whole minute's may come at once. */
export const limitsConfigSchema = z.strictObject({
  /** Sign-ins begun or finished, per address. */
  signInsPerMinute: perMinute.default(60),
  /** Wrong tokens and secrets, per address. Beyond it none is looked at that was not right from there before. */
  guessesPerMinute: perMinute.default(20),
  /** Messages to webhooks, per address. */
  webhooksPerMinute: perMinute.default(600),
  /** Plans, confirmations and all else that changes something, per person or token. */
  changesPerMinute: perMinute.default(120),
  /** Questions to the HTTP API, per person or token. Pages are not counted. */
  readsPerMinute: perMinute.default(1_200),
  /** Exports and verifications, per person or token. */
  exportsPerMinute: perMinute.default(20),
});

export const configSchema = z.strictObject({
  platform: z.strictObject({ name: z.string().min(1).max(60) }),
  environments: z.array(environmentConfigSchema).min(1).max(12),
  bigPods: z.array(bigPodConfigSchema).min(1).max(100),
  registries: z.array(registryConfigSchema).default([]),
  github: githubConfigSchema.optional(),
  prometheus: z.array(prometheusConfigSchema).max(12).default([]),
  alertmanager: z.array(alertmanagerConfigSchema).max(12).default([]),
  alerting: alertingConfigSchema.prefault({}),
  incidents: incidentsConfigSchema.prefault({}),
  goldenSignals: goldenSignalsConfigSchema.prefault({}),
  grafana: grafanaConfigSchema.optional(),
  runbooks: runbooksConfigSchema.prefault({}),
  notifications: z.array(notificationConfigSchema).max(20).default([]),
  audit: auditConfigSchema.prefault({}),
  /** Hosts ("status.example.org", "*.example.org", "10.0.3.7:8080") that checks may reach besides what is configured above. None by default. */
  egress: z.strictObject({ allow: z.array(z.string().min(1).max(255)).max(100).default([]) }).prefault({}),
  access: z.strictObject({
    providers: z.array(identityProviderConfigSchema).min(1),
    roles: z.array(roleBindingConfigSchema).min(1),
    sessionIdleHours: z.number().min(0.1).max(720).default(12),
    sessionMaximumHours: z.number().min(0.1).max(720).default(72),
    /** Making API tokens, and what changes the last environment, takes a sign-in of the last so many minutes; 0: any session will do. */
    recentSignInMinutes: z.number().min(0).max(1440).default(60),
  }),
  server: z
    .strictObject({
      /** Address people use in the browser; from HOST and PORT when left out. */
      url: z.url({ protocol: /^https?$/ }).optional(),
      /** Addresses and networks of the proxies in front ("10.42.0.0/16"). Only what they say of where a request comes from is believed. */
      trustedProxies: z.array(z.string().min(1).max(64)).max(50).default([]),
      limits: limitsConfigSchema.prefault({}),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;
export type EnvironmentConfig = z.infer<typeof environmentConfigSchema>;
export type BigPodConfig = z.infer<typeof bigPodConfigSchema>;
export type ServiceConfig = z.infer<typeof serviceConfigSchema>;
export type ClusterConfig = z.infer<typeof clusterConfigSchema>;
export type RegistryConfig = z.infer<typeof registryConfigSchema>;
export type IdentityProviderConfig = z.infer<typeof identityProviderConfigSchema>;
export type GithubConfig = z.infer<typeof githubConfigSchema>;
export type PrometheusConfig = z.infer<typeof prometheusConfigSchema>;
export type AlertmanagerConfig = z.infer<typeof alertmanagerConfigSchema>;
export type AlertingConfig = z.infer<typeof alertingConfigSchema>;
export type NotificationConfig = z.infer<typeof notificationConfigSchema>;
export type WindowConfig = z.infer<typeof windowConfigSchema>;
export type FreezeConfig = z.infer<typeof freezeConfigSchema>;
export type SmokeCheckConfig = z.infer<typeof smokeCheckConfigSchema>;
export type BeforeGateConfig = z.infer<typeof beforeGateConfigSchema>;
export type AfterGateConfig = z.infer<typeof afterGateConfigSchema>;
export type MetricGateConfig = Extract<AfterGateConfig, { kind: "metric" }>;
export type EnvironmentPolicy = EnvironmentConfig["policy"];
