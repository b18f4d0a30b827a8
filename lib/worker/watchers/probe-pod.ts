import type { BigPodConfig, ServiceConfig } from "#lib/contracts/config.ts";
import type { ServiceAccount } from "#lib/contracts/state.ts";
import type { ServiceHealth } from "#lib/domain/health.ts";
import { settleAccounts } from "#lib/domain/service-accounts.ts";
import { ClusterError, type ClusterApi } from "#lib/ports/cluster.ts";
import { clause, readHealthAnswer, readServiceReply } from "#lib/worker/watchers/probe-answer.ts";
import { askSupervisor, type SupervisorAnswer, type Tails } from "#lib/worker/watchers/supervisor.ts";

/** A right that is missing is not given within a second: asking each pod each second would only fill the API server's log. */
const refusedRestMs = 30_000;
const mayNotAsk = "the supervisor may not be asked: that takes the right to create pods/proxy";

/** How asking one pod went. */
export type PodOutcome =
  | { kind: "answer"; services: Record<string, ServiceHealth> }
  /** The pod is no longer there. */
  | { kind: "gone" }
  /** No answer in time. */
  | { kind: "late"; services: string[]; error: ClusterError }
  /** The pod could not be asked at all: the way to it is the trouble. */
  | { kind: "trouble"; error: ClusterError; services: string[] }
  /** Everything was answered, but by something that refuses (401, 403, 407) without being a health endpoint. */
  | { kind: "refused"; services: Record<string, ServiceHealth>; sentence: string };

interface Reply {
  status: number;
  body: string;
}

/** Services of a Big Pod that can be asked in a pod: by the monitor, by the supervisor, or at a port and path of their own. */
export function askedServices(bigPod: BigPodConfig): ServiceConfig[] {
  return bigPod.services.filter((service) => hasOwnEndpoint(service) || bigPod.monitor !== undefined || (bigPod.supervisor !== undefined && service.process !== undefined));
}

function hasOwnEndpoint(service: ServiceConfig): service is ServiceConfig & { port: number; healthPath: string } {
  return service.port !== undefined && service.healthPath !== undefined;
}

export interface Question {
  api: ClusterApi;
  namespace: string;
  pod: { name: string; uid: string };
  bigPod: BigPodConfig;
  tails: Tails;
  /** Supervisors may not be asked until then (performance.now()): one refusal holds for all pods of the environment. */
  supervisorRest?: { untilMs: number };
  /** For each request. */
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Asks the pod's monitor and its supervisor for all its services, and those the monitor does not speak of at their own endpoints.
 * Where several sources answer, each is kept and the worse counts. Never throws: what went wrong is in the outcome.
 */
export async function askPod(question: Question): Promise<PodOutcome> {
  const { api, namespace, pod, bigPod, timeoutMs, signal } = question;
  const asked = askedServices(bigPod);
  const names = asked.map((service) => service.name);
  const services: Record<string, ServiceHealth> = {};
  const replies: Reply[] = [];
  const get = async (port: number, path: string): Promise<Reply> => {
    const reply = await api.podHttp(namespace, pod.name, port, path, timeoutMs, signal);
    replies.push(reply);
    return reply;
  };
  try {
    const [supervised, monitor] = await Promise.all([askSupervisorToo(question), bigPod.monitor === undefined ? null : get(bigPod.monitor.port, bigPod.monitor.path)]);
    const answer = monitor === null || monitor.status === 0 ? null : readHealthAnswer(monitor.body);
    await Promise.all(
      asked.map(async (service) => {
        const accounts: ServiceAccount[] = [];
        const known = [service.process, service.name, service.container].flatMap((name) => (name === undefined ? [] : [answer?.components.get(name.toLowerCase())])).find((health) => health !== undefined);
        if (known !== undefined) accounts.push({ source: "health", ...known });
        else if (hasOwnEndpoint(service)) {
          const reply = await get(service.port, service.healthPath);
          accounts.push({ source: "health", ...readServiceReply(reply.status, reply.body, service.port, service.healthPath) });
        } else if (bigPod.monitor !== undefined) accounts.push({ source: "health", status: "unknown", detail: silentMonitor(bigPod, monitor, service) });
        if (supervised !== null && service.process !== undefined) accounts.push({ source: "supervisor", ...supervisorHealth(supervised, service.process) });
        services[service.name] = settleAccounts(accounts);
      }),
    );
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.reason === "not-found") return { kind: "gone" };
    return { kind: error.reason === "timeout" ? "late" : "trouble", error, services: names };
  }
  const refusing = replies.length > 0 && replies.every((reply) => [401, 403, 407].includes(reply.status) && readHealthAnswer(reply.body) === null);
  const first = replies[0];
  if (!refusing || first === undefined) return { kind: "answer", services };
  return { kind: "refused", services, sentence: `Pods cannot be asked for their health through the API server of cluster ${JSON.stringify(api.name)}: every request is answered with HTTP ${first.status} (${clause(first.body) ?? "no text"}).` };
}

/** The supervisor's answer; null where none is configured. Trouble on the way to it is the pod's trouble only when nobody else can be asked there. */
async function askSupervisorToo({ api, namespace, pod, bigPod, tails, supervisorRest, timeoutMs, signal }: Question): Promise<SupervisorAnswer | null> {
  if (bigPod.supervisor === undefined) return null;
  const alone = bigPod.monitor === undefined && !bigPod.services.some(hasOwnEndpoint);
  // Where nobody else can be asked, the refusal has to be met each time: it is what the source says.
  if (!alone && supervisorRest !== undefined && performance.now() < supervisorRest.untilMs) return { kind: "silent", detail: mayNotAsk };
  try {
    return await askSupervisor(api, namespace, pod, bigPod.supervisor, tails, timeoutMs, signal);
  } catch (error) {
    if (!(error instanceof ClusterError) || alone || error.reason === "not-found") throw error;
    if (error.reason === "forbidden" && supervisorRest !== undefined) supervisorRest.untilMs = performance.now() + refusedRestMs;
    return { kind: "silent", detail: error.reason === "forbidden" ? mayNotAsk : `the supervisor cannot be asked: ${error.message}` };
  }
}

function supervisorHealth(answer: SupervisorAnswer, process: string): ServiceHealth {
  if (answer.kind === "silent") return { status: "unknown", detail: answer.detail };
  return answer.processes.get(process.toLowerCase()) ?? { status: "unknown", detail: `the supervisor has no process ${process}` };
}

function silentMonitor(bigPod: BigPodConfig, monitor: Reply | null, service: ServiceConfig): string {
  const port = bigPod.monitor?.port ?? 0;
  if (monitor === null || monitor.status === 0) return `nothing listens on port ${port}, where the monitor should be`;
  if (readHealthAnswer(monitor.body) === null) return `the monitor on port ${port}${bigPod.monitor?.path ?? ""} gives no health answer (HTTP ${monitor.status})`;
  return `the monitor does not speak of ${service.process ?? service.name}`;
}
