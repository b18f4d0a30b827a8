import type { BigPodConfig, ServiceConfig } from "#lib/contracts/config.ts";
import { ClusterError, type ClusterApi } from "#lib/ports/cluster.ts";
import { clause, readHealthAnswer, readServiceReply, type ServiceHealth } from "#lib/worker/watchers/probe-answer.ts";

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

/** Services of a Big Pod that can be asked in a pod: by the monitor, or at a port and path of their own. */
export function askedServices(bigPod: BigPodConfig): ServiceConfig[] {
  return bigPod.services.filter((service) => hasOwnEndpoint(service) || (bigPod.monitor !== undefined && (service.process !== undefined || service.container !== undefined)));
}

function hasOwnEndpoint(service: ServiceConfig): service is ServiceConfig & { port: number; healthPath: string } {
  return service.port !== undefined && service.healthPath !== undefined;
}

/**
 * Asks the pod's monitor for all its services, and those it does not speak of at their own endpoints.
 * Never throws: what went wrong is in the outcome.
 */
export async function askPod(api: ClusterApi, namespace: string, pod: string, bigPod: BigPodConfig, timeoutMs: number, signal: AbortSignal): Promise<PodOutcome> {
  const asked = askedServices(bigPod);
  const names = asked.map((service) => service.name);
  const services: Record<string, ServiceHealth> = {};
  const replies: Reply[] = [];
  const get = async (port: number, path: string): Promise<Reply> => {
    const reply = await api.podHttp(namespace, pod, port, path, timeoutMs, signal);
    replies.push(reply);
    return reply;
  };
  try {
    const monitor = bigPod.monitor === undefined ? null : await get(bigPod.monitor.port, bigPod.monitor.path);
    const answer = monitor === null || monitor.status === 0 ? null : readHealthAnswer(monitor.body);
    await Promise.all(
      asked.map(async (service) => {
        const known = [service.process, service.name, service.container].flatMap((name) => (name === undefined ? [] : [answer?.components.get(name.toLowerCase())])).find((health) => health !== undefined);
        if (known !== undefined) services[service.name] = known;
        else if (hasOwnEndpoint(service)) {
          const reply = await get(service.port, service.healthPath);
          services[service.name] = readServiceReply(reply.status, reply.body, service.port, service.healthPath);
        } else services[service.name] = { status: "unknown", detail: silentMonitor(bigPod, monitor, service) };
      }),
    );
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (error.reason === "not-found") return { kind: "gone" };
    return { kind: error.reason === "timeout" ? "late" : "trouble", error, services: names };
  }
  const refusing = replies.every((reply) => [401, 403, 407].includes(reply.status) && readHealthAnswer(reply.body) === null);
  const first = replies[0];
  if (!refusing || first === undefined) return { kind: "answer", services };
  return { kind: "refused", services, sentence: `Pods cannot be asked for their health through the API server of cluster ${JSON.stringify(api.name)}: every request is answered with HTTP ${first.status} (${clause(first.body) ?? "no text"}).` };
}

function silentMonitor(bigPod: BigPodConfig, monitor: Reply | null, service: ServiceConfig): string {
  const port = bigPod.monitor?.port ?? 0;
  if (monitor === null || monitor.status === 0) return `nothing listens on port ${port}, where the monitor should be`;
  if (readHealthAnswer(monitor.body) === null) return `the monitor on port ${port}${bigPod.monitor?.path ?? ""} gives no health answer (HTTP ${monitor.status})`;
  return `the monitor does not speak of ${service.process ?? service.name}`;
}
