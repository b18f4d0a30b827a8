import type { ContainerInstance, ManagedProcess, ProcessState } from "#sandbox/world/container-instance.ts";
import { processFamilies, renderFamilies, supervisorFamilies, type MetricFamily } from "#sandbox/world/process-metrics.ts";
import { answerSupervisor, supervisorPort } from "#sandbox/world/supervisor-rpc.ts";
import type { PodHome } from "#sandbox/world/world.ts";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

type CheckStatus = "pass" | "warn" | "fail";

interface ProcessCheck {
  name: string;
  state: ProcessState;
  output?: string;
}

const statusOf: Record<ProcessState, CheckStatus> = { RUNNING: "pass", STARTING: "warn", BACKOFF: "warn", EXITED: "warn", FATAL: "fail", STOPPED: "fail" };
const times = ["never", "once", "twice", "three times"];

function json(status: number, contentType: string, body: unknown): Answer {
  return { status, headers: { "content-type": contentType }, body: JSON.stringify(body) };
}

function exitText(exitCode: number, count: number, lastLine: string | undefined): string {
  return `exited with code ${exitCode} ${times[count] ?? `${count} times`}${lastLine ? `: ${lastLine}` : ""}`;
}

function checkOf(process: ManagedProcess): ProcessCheck {
  const check: ProcessCheck = { name: process.spec.name, state: process.state };
  if (process.state !== "RUNNING" && process.exitCode !== undefined) check.output = exitText(process.exitCode, process.failures, process.lastLine);
  return check;
}

/** What a monitor container sees of its neighbours; a container that is down counts as a process that is. */
function neighbours(home: PodHome, self: ContainerInstance): ProcessCheck[] {
  return home.pod.spec.containers.flatMap(({ name }) => {
    const instance = home.instances.get(name);
    if (instance === self) return [];
    if (instance && instance.endedAtMs === undefined) return instance.processes.map(checkOf);
    const crash = home.crashes.get(name);
    const known = instance?.processes.map((process) => process.spec.name) ?? [name];
    return known.map((process): ProcessCheck => crash ? { name: process, state: crash.count >= 3 ? "FATAL" : "BACKOFF", output: exitText(crash.exitCode, crash.count, crash.lastLine) } : { name: process, state: "STOPPED", output: "container is not running" });
  });
}

/** All processes in one answer, as draft-inadarei-api-health-check has it: 503 when one is given up, 200 with "warn" while one is retried. */
function supervision(instance: ContainerInstance, checks: readonly ProcessCheck[], atMs: number): Answer {
  const statuses = checks.map((check) => statusOf[check.state]);
  const status: CheckStatus = statuses.includes("fail") ? "fail" : statuses.includes("warn") ? "warn" : "pass";
  const time = new Date(atMs).toISOString();
  return json(status === "fail" ? 503 : 200, "application/health+json", {
    status,
    releaseId: instance.start.build.tag,
    serviceId: instance.start.build.repository.slice(instance.start.build.repository.lastIndexOf("/") + 1),
    checks: Object.fromEntries(checks.map((check) => [`${check.name}:process`, [{ componentType: "process", status: statusOf[check.state], observedValue: check.state, ...(check.output && { output: check.output }), time }]])),
  });
}

function metrics(families: readonly MetricFamily[]): Answer {
  return { status: 200, headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" }, body: renderFamilies(families) };
}

function ownAnswer(home: PodHome, instance: ContainerInstance, process: ManagedProcess, method: string, path: string, atMs: number): Answer {
  const route = path.split("?", 1)[0];
  if (method !== "GET" && method !== "HEAD") return json(405, "application/json", { error: "method not allowed" });
  if (route === "/health" || route === "/healthz") return json(200, "application/health+json", { status: "pass", releaseId: instance.start.build.tag, serviceId: process.spec.name });
  if (route === "/metrics") return metrics(processFamilies(home, instance, process, atMs) ?? []);
  if (route === "/") return json(200, "application/json", { service: process.spec.name, version: instance.start.build.tag });
  return json(404, "application/json", { error: "not found" });
}

/** One HTTP request to a port of a pod; undefined when nothing listens there. */
export function answerRequest(home: PodHome, port: number, method: string, path: string, atMs: number, body = ""): Answer | undefined {
  for (const instance of home.instances.values()) {
    if (instance.endedAtMs !== undefined) continue;
    const { profile, processes } = instance;
    if (profile.supervised && port === supervisorPort && supervisorUp(instance)) return answerSupervisor(instance, method, path, body, atMs);
    const process = processes.find((candidate) => candidate.spec.port === port && candidate.state === "RUNNING");
    if (port === profile.healthPort && (profile.watches === "children" ? supervisorUp(instance) : process)) {
      const route = path.split("?", 1)[0];
      if (route === "/health") return supervision(instance, profile.watches === "pod" ? neighbours(home, instance) : processes.map(checkOf), atMs);
      if (route === "/metrics") return metrics(profile.watches === "children" || process === undefined ? supervisorFamilies(processes, atMs) : (processFamilies(home, instance, process, atMs) ?? []));
      return json(route === "/live" ? 200 : 404, "application/json", route === "/live" ? { status: "pass" } : { error: "not found" });
    }
    if (process) return ownAnswer(home, instance, process, method, path, atMs);
  }
  return undefined;
}

/** The supervisor listens once its first round of starts is over, and goes on whatever becomes of its children. */
function supervisorUp(instance: ContainerInstance): boolean {
  return instance.processes.some((process) => process.state !== "STARTING" && process.state !== "STOPPED");
}
