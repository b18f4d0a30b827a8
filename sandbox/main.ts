import { join, resolve } from "node:path";
import { z } from "zod";
import { runUntilStopped } from "#sandbox/process.ts";
import { startSandbox } from "#sandbox/start.ts";

const port = z.coerce.number().int().min(0).max(65535).default(0);
const environmentSchema = z.object({
  VIGIE_HOME: z.string().min(1).default(".vigie"),
  /** The checkout: its docs/runbooks are the portal's. */
  VIGIE_ROOT: z.string().min(1).default("."),
  /** Address of the portal that may sign people in here; loopback only. */
  SANDBOX_PORTAL_URL: z.url({ protocol: /^https?$/ }).default("http://127.0.0.1:3000"),
  SANDBOX_KUBE_PORT: port,
  SANDBOX_REGISTRY_PORT: port,
  SANDBOX_IDENTITY_PORT: port,
  SANDBOX_CONSOLE_PORT: port,
  SANDBOX_PROMETHEUS_PORT: port,
  SANDBOX_ALERTMANAGER_PORT: port,
  SANDBOX_SLACK_PORT: port,
  /** Where the pods' metrics can be scraped. */
  SANDBOX_METRICS_PORT: port,
  SANDBOX_GRAFANA_PORT: port,
  SANDBOX_GITHUB_PORT: port,
  /** "97x17": that many more workloads in each environment, with that many pods each; for measurements. */
  SANDBOX_LARGE: z
    .string()
    .regex(/^\d{1,3}x\d{1,3}$/, 'must be like "97x17"')
    .transform((text) => ({ workloads: Number(text.split("x")[0]), replicas: Number(text.split("x")[1]) }))
    .optional(),
  /** 1 is real time; 10 makes ten seconds of back-off last one. */
  SANDBOX_SPEED: z.coerce.number().positive().max(1000).default(1),
  /** How prod is released. */
  VIGIE_DEMO_STRATEGY: z.enum(["rolling", "blue-green"]).default("rolling"),
});

/** The sandbox as a process of its own: prints one JSON line with its addresses when all of it answers. */
await runUntilStopped(async () => {
  const read = environmentSchema.safeParse(process.env);
  if (!read.success) throw new Error(`The sandbox's environment variables are not right:\n${z.prettifyError(read.error)}`);
  const { data } = read;
  const sandbox = await startSandbox({
    home: join(resolve(data.VIGIE_HOME), "sandbox"),
    portalUrl: data.SANDBOX_PORTAL_URL,
    runbooks: join(resolve(data.VIGIE_ROOT), "docs/runbooks"),
    speed: data.SANDBOX_SPEED,
    large: data.SANDBOX_LARGE,
    blueGreen: data.VIGIE_DEMO_STRATEGY === "blue-green" ? ["prod"] : [],
    ports: { kube: data.SANDBOX_KUBE_PORT, registry: data.SANDBOX_REGISTRY_PORT, identity: data.SANDBOX_IDENTITY_PORT, console: data.SANDBOX_CONSOLE_PORT, prometheus: data.SANDBOX_PROMETHEUS_PORT, metrics: data.SANDBOX_METRICS_PORT, grafana: data.SANDBOX_GRAFANA_PORT, alertmanager: data.SANDBOX_ALERTMANAGER_PORT, github: data.SANDBOX_GITHUB_PORT, slack: data.SANDBOX_SLACK_PORT },
  });
  return { ready: { ready: true, ...sandbox.addresses, kubeconfig: sandbox.kubeconfig, configFile: sandbox.configFile }, stop: sandbox.stop };
});
