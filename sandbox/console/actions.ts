import { z } from "zod";
import { badReleaseImage, badReleaseKinds, badReleases, pushNextBuilds } from "#sandbox/console/releases.ts";
import type { SandboxAlertmanager } from "#sandbox/alertmanager/server.ts";
import type { SandboxSlack } from "#sandbox/slack/server.ts";
import type { Faults } from "#sandbox/kube/faults.ts";
import { noGrafanaFaults } from "#sandbox/grafana/faults.ts";
import type { SandboxGrafana } from "#sandbox/grafana/server.ts";
import type { SandboxPrometheus } from "#sandbox/prometheus/server.ts";
import { Refusal } from "#sandbox/refusal.ts";
import type { WorldControl } from "#sandbox/world/control.ts";
import type { ImageCatalogue } from "#sandbox/world/types.ts";

export interface ConsoleContext {
  control: WorldControl;
  faults: Faults;
  catalogue: ImageCatalogue;
  prometheus: Pick<SandboxPrometheus, "url" | "faults" | "setFaults">;
  grafana: Pick<SandboxGrafana, "url" | "faults" | "setFaults">;
  alertmanager: Pick<SandboxAlertmanager, "url" | "faults" | "setFaults" | "restart">;
  slack: Pick<SandboxSlack, "url" | "faults" | "setFaults">;
  /** Milliseconds since the epoch. */
  now: () => number;
}

interface Action {
  schema: z.ZodType;
  /** Does it, and answers with one sentence saying what was done. The body was parsed by `schema`. */
  run(context: ConsoleContext, body: unknown): string | Promise<string>;
}

const name = z.string().min(1).max(253);
const bigPodTarget = { environment: name, bigPod: name };
const processTarget = { ...bigPodTarget, process: name };
const resource = z.string().regex(/^[a-z]+(\.[a-z0-9.-]+)?$/, 'a resource such as "pods" or "deployments.apps"');
const group = z.string().regex(/^[a-z0-9.-]+$/, 'an API group such as "autoscaling"');
const count = z.int().min(0).max(1_000_000);

/** Any part of the API server's troubles; those left out stay as they are. */
const apiServerSchema = z
  .strictObject({
    errorRate: z.number().min(0).max(1),
    failNext: count,
    failPaths: z.array(z.string().max(500).refine(isPattern, "a regular expression")).max(20),
    failStatus: z.int().min(400).max(599),
    retryAfterSeconds: count,
    loseNextReplies: count,
    latencyMs: z.int().min(0).max(60_000),
    silentWatches: z.boolean(),
    forbid: z.array(z.strictObject({ resource, namespace: name.optional() })).max(50),
    failListOnPage: z.int().min(1).nullable(),
    unsupportedGroups: z.array(group).max(50),
    down: z.boolean(),
    expiredTokens: z.array(name).max(50),
    expiredWatch: z.enum(["event", "status"]),
  })
  .partial();

const prometheusSchema = z.strictObject({ down: z.boolean(), unavailable: z.boolean(), latencyMs: z.int().min(0).max(60_000), nan: z.boolean(), warning: z.boolean(), watchdogStopped: z.boolean() }).partial();
const alertmanagerSchema = z.strictObject({ down: z.boolean(), latencyMs: z.int().min(0).max(60_000), restart: z.literal(true) }).partial();

const grafanaSchema = z.strictObject({ down: z.boolean(), forbidFraming: z.boolean(), login: z.boolean() }).partial();
const slackSchema = z.strictObject({ down: z.boolean(), limited: z.boolean() }).partial();

const degradeSchema = z.strictObject({
  ...bigPodTarget,
  process: name.optional(),
  /** Share of requests that fail. */
  errorRatio: z.number().min(0).max(1).optional(),
  latencyFactor: z.number().min(0.1).max(1000).optional(),
  /** Share of the memory limit in use. */
  memoryRatio: z.number().min(0).max(0.999).optional(),
});

function isPattern(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

/** Every POST of the control API, by its path under /api/. */
export const actions: Readonly<Record<string, Action>> = {
  "faults/crash": action(z.strictObject({ ...processTarget, lasting: z.boolean().default(false), /** What it says last. */ lastLine: z.string().max(2_000).optional() }), ({ control }, { lasting, lastLine, ...target }) => {
    control.crash({ ...target, ...(lastLine === undefined ? {} : { lastLine }) }, lasting);
    return lasting ? `${target.process} in ${target.environment} now crashes at every start.` : `${target.process} in ${target.environment} crashed once.`;
  }),
  "faults/heal": action(z.strictObject(processTarget), ({ control }, target) => {
    requireProcess(control, target);
    control.heal(target);
    return `${target.process} in ${target.environment} may run again.`;
  }),
  "faults/release": action(z.strictObject({ environment: name, kind: z.enum(badReleaseKinds) }), ({ control }, { environment, kind }) => {
    const { bigPod } = badReleases[kind];
    const image = badReleaseImage(kind);
    control.deploy(environment, bigPod, [image]);
    return `${image} was deployed to ${bigPod} in ${environment}.`;
  }),
  releases: action(z.strictObject(bigPodTarget), ({ control, catalogue, now }, { environment, bigPod }) => {
    const images = pushNextBuilds(catalogue, requireBigPod(control, environment, bigPod).images, now()).map((build) => `${build.repository}:${build.tag}`);
    control.deploy(environment, bigPod, images);
    return `${images.join(" and ")} was built, pushed and deployed to ${bigPod} in ${environment}.`;
  }),
  "faults/node": action(z.strictObject({ node: name, down: z.boolean() }), ({ control }, { node, down }) => {
    control.setNodeDown(node, down);
    return `Node ${node} is ${down ? "down" : "up again"}.`;
  }),
  "faults/exhaust-memory": action(z.strictObject({ ...bigPodTarget, process: name.optional() }), ({ control }, { process, ...target }) => {
    control.breakBigPod(target, { kind: "out-of-memory", ...(process !== undefined && { process }) });
    return `${target.bigPod} in ${target.environment} now runs out of memory.`;
  }),
  "faults/mend": action(z.strictObject(bigPodTarget), ({ control }, target) => {
    control.mend(target);
    control.setCpuLoad(target, undefined);
    return `${target.bigPod} in ${target.environment} is mended.`;
  }),
  "faults/cpu-load": action(z.strictObject({ ...bigPodTarget, ratio: z.number().min(0).max(20) }), ({ control }, { ratio, ...target }) => {
    control.setCpuLoad(target, ratio);
    return `${target.bigPod} in ${target.environment} uses ${Math.round(ratio * 100)} % of the processor time it asked for.`;
  }),
  "faults/fill-nodes": action(z.strictObject({}), ({ control }) => {
    control.fillCapacity();
    return "The nodes are full: new pods have to wait.";
  }),
  "faults/quota": action(z.strictObject({ environment: name, full: z.boolean() }), ({ control }, { environment, full }) => {
    control.setQuotaFull(environment, full);
    return full ? `The quota of ${environment} is full: new pods are refused.` : `The quota of ${environment} is lifted.`;
  }),
  "faults/certificate": action(z.strictObject({ environment: name, expiring: z.boolean() }), ({ control }, { environment, expiring }) => {
    control.setCertificateExpiring(environment, expiring);
    return expiring ? `The certificate of ${environment} ends in five days, and its renewal fails.` : `The certificate of ${environment} is renewed.`;
  }),
  "faults/api-server": action(apiServerSchema, ({ faults }, change) => {
    faults.set(change);
    return "The Kubernetes API was changed.";
  }),
  "faults/drop-watches": action(z.strictObject({}), ({ faults }) => {
    faults.dropWatches();
    return "All watches were dropped.";
  }),
  "faults/expire-history": action(z.strictObject({}), ({ faults }) => {
    faults.expireHistory();
    return "The watch history has expired.";
  }),
  "faults/registry": action(z.strictObject({ down: z.boolean() }), ({ catalogue }, { down }) => {
    catalogue.registryDown = down;
    return `The registry is ${down ? "down" : "up again"}.`;
  }),
  "faults/degrade": action(degradeSchema, ({ control }, { environment, bigPod, ...degraded }) => {
    requireBigPod(control, environment, bigPod);
    if (degraded.process !== undefined) requireProcess(control, { environment, bigPod, process: degraded.process });
    control.breakBigPod({ environment, bigPod }, { kind: "degraded", ...degraded });
    return `${degraded.process ?? bigPod} in ${environment} now answers badly, while its pods stay ready.`;
  }),
  "faults/prometheus": action(prometheusSchema, async ({ prometheus }, change) => {
    await prometheus.setFaults(change);
    return prometheus.faults().down ? "Prometheus is stopped." : "Prometheus was changed.";
  }),
  "faults/grafana": action(grafanaSchema, async ({ grafana }, change) => {
    await grafana.setFaults(change);
    return grafana.faults().down ? "Grafana is stopped." : "Grafana was changed.";
  }),
  "faults/alertmanager": action(alertmanagerSchema, async ({ alertmanager }, { restart, ...change }) => {
    await alertmanager.setFaults(change);
    if (restart === true) await alertmanager.restart();
    if (alertmanager.faults().down) return "Alertmanager is stopped.";
    return restart === true ? "Alertmanager was restarted: it knows no alerts until they are sent again." : "Alertmanager was changed.";
  }),
  "faults/slack": action(slackSchema, ({ slack }, change) => {
    slack.setFaults(change);
    const { down, limited } = slack.faults();
    return down ? "Slack is down." : limited ? "Slack asks for patience." : "Slack answers.";
  }),
  "put-right": action(z.strictObject({}), async ({ control, faults, catalogue, prometheus, grafana, alertmanager, slack }) => {
    faults.clear();
    await grafana.setFaults(noGrafanaFaults);
    await prometheus.setFaults({ down: false, unavailable: false, latencyMs: 0, nan: false, warning: false, watchdogStopped: false });
    await alertmanager.setFaults({ down: false, latencyMs: 0 });
    slack.setFaults({ down: false, limited: false });
    catalogue.registryDown = false;
    control.putRight();
    return "Everything was put right.";
  }),
};

/** Ties a schema to what runs with its result; the table forgets the type, so the body is parsed here again into it. */
function action<Body>(schema: z.ZodType<Body>, run: (context: ConsoleContext, body: Body) => string | Promise<string>): Action {
  return { schema, run: (context, body) => run(context, schema.parse(body)) };
}

function requireBigPod(control: WorldControl, environment: string, bigPod: string) {
  const { environments } = control.view();
  const place = environments.find((candidate) => candidate.name === environment);
  if (place === undefined) throw new Refusal("not-found", `There is no environment "${environment}". There are: ${environments.map((candidate) => candidate.name).join(", ")}.`);
  const found = place.bigPods.find((candidate) => candidate.name === bigPod);
  if (found === undefined) throw new Refusal("not-found", `There is no Big Pod "${bigPod}" in ${environment}. There are: ${place.bigPods.map((candidate) => candidate.name).join(", ")}.`);
  return found;
}

/** A process that is healed may have no running pod just now, so the world cannot tell whether it exists. */
function requireProcess(control: WorldControl, { environment, bigPod, process }: { environment: string; bigPod: string; process: string }): void {
  const { pods, crashing } = requireBigPod(control, environment, bigPod);
  const processes = new Set([...pods.flatMap((pod) => pod.processes.map((candidate) => candidate.name)), ...crashing]);
  if (!processes.has(process)) throw new Refusal("not-found", `There is no process "${process}" in ${bigPod} of ${environment}. There are: ${[...processes].join(", ")}.`);
}
