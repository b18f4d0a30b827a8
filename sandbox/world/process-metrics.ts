import type { ContainerInstance, ManagedProcess, ProcessState } from "#sandbox/world/container-instance.ts";
import { latencyBounds, tallyOf } from "#sandbox/world/traffic.ts";
import type { PodHome } from "#sandbox/world/world.ts";

export interface MetricSample {
  /** Family's name, or it with _bucket, _sum, _count. */
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Metrics of one name, as a process exposes them. */
export interface MetricFamily {
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  samples: readonly MetricSample[];
}

/** "false" on a pod: the usual mark of one that has no metrics. */
export const scrapeAnnotation = "prometheus.io/scrape";

/** Numbers of supervisord's process states. Source: http://supervisord.org/subprocess.html#process-states and its rpcinterface. */
export const supervisorStates: Readonly<Record<ProcessState, number>> = { STOPPED: 0, STARTING: 10, RUNNING: 20, BACKOFF: 30, EXITED: 100, FATAL: 200 };

/** What a process says of itself at /metrics; undefined while it does not answer. */
export function processFamilies(home: PodHome, instance: ContainerInstance, process: ManagedProcess, atMs: number): MetricFamily[] | undefined {
  const tally = tallyOf(instance, process, atMs, isFront(home, process) ? neighboursDown(home, process) : 0);
  if (tally === undefined) return undefined;
  const one = (name: string, type: "counter" | "gauge", help: string, value: number, labels = {}): MetricFamily => ({ name, type, help, samples: [{ name, labels, value }] });
  const latency = "http_request_duration_seconds";
  let below = 0;
  const buckets = [...latencyBounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    below += tally.buckets[index] ?? 0;
    return { name: `${latency}_bucket`, labels: { le: Number.isFinite(bound) ? String(bound) : "+Inf" }, value: below };
  });
  return [
    one("app_build_info", "gauge", "Version of the image that runs, always 1.", 1, { version: instance.start.build.tag, revision: instance.start.build.revision.slice(0, 12) }),
    { name: "http_requests_total", type: "counter", help: "Requests answered, by status code.", samples: [...tally.requests].map(([code, value]) => ({ name: "http_requests_total", labels: { code: String(code) }, value })) },
    { name: latency, type: "histogram", help: "Seconds until the answer was sent.", samples: [...buckets, { name: `${latency}_sum`, labels: {}, value: tally.seconds }, { name: `${latency}_count`, labels: {}, value: below }] },
    one("process_cpu_seconds_total", "counter", "Processor time used, in seconds.", tally.cpuSeconds),
    one("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", instance.memoryBytes(process)),
    one("process_start_time_seconds", "gauge", "Start time of the process since the epoch in seconds.", process.startedAtMs / 1000),
  ];
}

/**
 * What a supervisor says of its children: the series of node_exporter's supervisord collector and those of the exporters for supervisord.
 * Sources: https://github.com/prometheus/node_exporter/blob/master/collector/supervisord.go, https://github.com/salimd/supervisord_exporter
 */
export function supervisorFamilies(processes: readonly ManagedProcess[], atMs: number): MetricFamily[] {
  const gauge = (name: string, help: string, valueOf: (process: ManagedProcess) => number | undefined, more: (process: ManagedProcess) => Record<string, string> = () => ({})): MetricFamily => ({
    name,
    type: "gauge",
    help,
    samples: processes.flatMap((process) => {
      const value = valueOf(process);
      return value === undefined ? [] : [{ name, labels: { name: process.spec.name, group: process.spec.name, ...more(process) }, value }];
    }),
  });
  const isUp = (process: ManagedProcess) => process.state === "RUNNING" || process.state === "STARTING";
  const exitStatus = (process: ManagedProcess) => (isUp(process) ? 0 : (process.exitCode ?? 0));
  return [
    gauge("node_supervisord_exit_status", "Process Exit Status", exitStatus),
    gauge("node_supervisord_start_time_seconds", "Process start time", (process) => (isUp(process) ? Math.floor(process.startedAtMs / 1000) : undefined)),
    gauge("node_supervisord_state", "Process State", (process) => supervisorStates[process.state]),
    gauge("node_supervisord_up", "Process Up", (process) => Number(isUp(process))),
    gauge("supervisor_process_info", "Supervisor process information", (process) => Number(process.state === "RUNNING"), (process) => ({ state: process.state, exit_status: String(exitStatus(process)) })),
    { ...gauge("supervisor_process_restarts_total", "Times the supervisor started a process again", (process) => process.restarts), type: "counter" },
    gauge("supervisor_process_uptime", "Uptime of Supervisor processes", (process) => (isUp(process) ? Math.max(0, Math.floor((atMs - process.startedAtMs) / 1000)) : 0)),
    { name: "supervisord_up", type: "gauge", help: "Supervisord XML-RPC connection status (1 if up, 0 if down)", samples: [{ name: "supervisord_up", labels: {}, value: 1 }] },
  ];
}

/** Processes that take a pod's requests from outside ask the others for parts of their answers. */
function isFront(home: PodHome, process: ManagedProcess): boolean {
  return home.instances.values().next().value?.processes[0]?.spec.name === process.spec.name;
}

function neighboursDown(home: PodHome, self: ManagedProcess): number {
  let down = 0;
  for (const instance of home.instances.values()) for (const process of instance.processes) if (process !== self && process.state !== "RUNNING") down += 1;
  return down;
}

/** Prometheus' text format, version 0.0.4. Source: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function renderFamilies(families: readonly MetricFamily[], extra: Readonly<Record<string, string>> = {}): string {
  const lines = families.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map((sample) => `${sample.name}${labelText({ ...sample.labels, ...extra })} ${sample.value}`),
  ]);
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
