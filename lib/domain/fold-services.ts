import type { BigPodConfig, ServiceConfig } from "#lib/contracts/config.ts";
import type { ServiceAccount, ServiceState } from "#lib/contracts/state.ts";
import { exitClause, isCrashLooping, memoryLimit, startGraceMs } from "#lib/domain/fold-exit.ts";
import { ageMs, clean, condition, containerStatuses, fields, list } from "#lib/domain/fold-read.ts";
import type { ContainerStatus, RawObject } from "#lib/domain/fold-read.ts";
import { firstAnswerWithinMs, healthResultMaximumAgeMs, metricMaximumAgeMs } from "#lib/domain/health.ts";
import type { HealthInput } from "#lib/domain/health.ts";
import { settleAccounts } from "#lib/domain/service-accounts.ts";
import { worstService } from "#lib/domain/status.ts";
import type { ServiceStatus } from "#lib/domain/status.ts";

/** Container a service lives in: its own, the named one, or the only one. */
export function containerOfService(service: ServiceConfig, containers: readonly { name: string }[]): string | null {
  return service.container ?? service.inContainer ?? (containers.length === 1 ? (containers[0]?.name ?? null) : null);
}

type Told = { status: ServiceStatus; detail: string | null; accounts?: ServiceAccount[] };

function fromContainer(pod: RawObject, status: ContainerStatus | undefined, now: Date): Told {
  if (!status) return { status: "starting", detail: "waits for its container" };
  const limit = memoryLimit(pod, status.name);
  if (isCrashLooping(status, now)) return { status: "down", detail: status.ended === null ? "keeps exiting" : `keeps exiting with ${exitClause(status.ended, limit)}` };
  switch (status.state) {
    case "running": {
      if (status.ready) return { status: "up", detail: null };
      return (ageMs(status.runningSince, now) ?? 0) < startGraceMs ? { status: "starting", detail: "not ready yet" } : { status: "degraded", detail: "runs, but is not ready" };
    }
    case "terminated":
      return { status: "down", detail: status.ended === null ? "exited" : `exited with ${exitClause(status.ended, limit)}` };
    case "waiting":
      if (status.reason === null || status.reason === "ContainerCreating" || status.reason === "PodInitializing") return { status: "starting", detail: "its container is being created" };
      // The kubelet alternates between ErrImagePull and its back-off; a detail that follows them would flicker.
      return { status: "down", detail: /Pull|Image|Registry/.test(status.reason) ? "its image cannot be pulled" : clean(`${status.reason}${status.message === null ? "" : `: ${status.message}`}`) };
    case "unknown":
      return { status: "starting", detail: "its container has no state yet" };
  }
}

/** True when a supervisor has given a process up: no waiting will help. */
export function isGivenUp(detail: string | null): boolean {
  return detail !== null && /\bFATAL\b/.test(detail);
}

/** What was found out about a service lately, by probes and by Prometheus; null when nothing was. `at` is the time of the newest probe. */
function accountsOf(pod: RawObject, service: ServiceConfig, health: HealthInput, now: Date): { accounts: ServiceAccount[]; at: string | undefined } | null {
  const accounts: ServiceAccount[] = [];
  const result = health.byPod.get(pod.metadata.uid);
  const asked = result?.services[service.name];
  if (asked && health.status !== "unsupported" && (ageMs(result?.at, now) ?? Number.POSITIVE_INFINITY) <= healthResultMaximumAgeMs) accounts.push(...(asked.accounts ?? [{ source: "health" as const, status: asked.status, detail: asked.detail }]));
  const measured = health.metrics?.byPod.get(pod.metadata.name);
  const metric = measured?.services[service.name];
  // Prometheus tells of the past: what has changed since it looked contradicts nobody.
  const outdated = accounts.length > 0 && asked?.since !== undefined && measured !== undefined && Date.parse(measured.at) <= Date.parse(asked.since);
  if (metric && !outdated && (ageMs(measured?.at, now) ?? Number.POSITIVE_INFINITY) <= metricMaximumAgeMs) accounts.push({ source: "metrics", status: metric.status, detail: metric.detail });
  if (accounts.length === 0) return null;
  return { accounts: accounts.map((account) => ({ ...account, detail: account.detail === null ? null : clean(account.detail) })), at: result?.at ?? measured?.at };
}

/** Merges what the container says with what was found out: the worse is shown, and a process nobody could ask is never "up". */
function withHealth(pod: RawObject, service: ServiceConfig, container: Told, health: HealthInput, now: Date): Told {
  if (container.status === "down") return container;
  const found = accountsOf(pod, service, health, now);
  if (found) {
    const { status, detail } = settleAccounts(found.accounts);
    const several = found.accounts.length > 1 ? { accounts: found.accounts } : {};
    if (status === "up") return service.process === undefined ? { ...container, ...several } : { status: "up", detail: null, ...several };
    // What has only just been started does not answer yet: that is no failure.
    if (container.status === "starting" && !isGivenUp(detail)) return container;
    if (container.status === "up" && !isGivenUp(detail) && askedBeforeReady(pod, found.at)) return { status: "starting", detail: "not asked since it became ready" };
    // A container has its own readiness: where the probe does not know, that counts.
    if (status === "unknown" && service.process === undefined) return container;
    return worstService([status, container.status]) === container.status && service.process === undefined ? { ...container, ...several } : { status, detail, ...several };
  }
  if (health.status === "unsupported") return container.status === "up" && service.process !== undefined ? { status: "up", detail: `not asked: ${health.reason === null ? "the pod proxy is not served here" : clean(health.reason)}` } : container;
  const result = health.byPod.get(pod.metadata.uid);
  if (container.status !== "up" || service.process === undefined) return container;
  if (health.status === "live" && (ageMs(readySince(pod), now) ?? 0) < firstAnswerWithinMs) return { status: "starting", detail: "not asked yet" };
  const reason = health.reason ?? health.metrics?.reason ?? null;
  return { status: "unknown", detail: result ? `its last answer is older than ${healthResultMaximumAgeMs / 1000} s` : `no answer yet${reason === null ? "" : `: ${clean(reason)}`}` };
}

/**
 * Whether an answer is from before the pod became ready: it says how the start went, not how things are.
 * Kubernetes tells times in whole seconds, rounded down, so the moment itself lies up to a second later.
 */
function askedBeforeReady(pod: RawObject, answeredAt: string | undefined): boolean {
  const since = readySince(pod);
  return since !== null && answeredAt !== undefined && Date.parse(answeredAt) < Date.parse(since) + 1_000;
}

/** Null unless it is ready. */
function readySince(pod: RawObject): string | null {
  const ready = condition(pod, "Ready");
  return ready?.status === "True" ? ready.at : null;
}

/** True when Vigie has a way to ask this service inside a pod. */
export function isAsked(bigPod: BigPodConfig, service: ServiceConfig): boolean {
  return bigPod.monitor !== undefined || bigPod.supervisor !== undefined || (service.port !== undefined && service.healthPath !== undefined);
}

export function isAnyAsked(bigPod: BigPodConfig): boolean {
  return bigPod.services.some((service) => isAsked(bigPod, service));
}

/**
 * Each configured service in one pod. A process counts as up by its own answer; where pods cannot be asked (no pod proxy, or nothing configured to ask)
 * a ready container counts, and the detail says that the process itself was not asked.
 */
export function servicesInPod(bigPod: BigPodConfig, pod: RawObject, health: HealthInput, now: Date): ServiceState[] {
  const statuses = containerStatuses(pod);
  const declared = list(fields(pod.spec)["containers"]).map((c) => ({ name: typeof c["name"] === "string" ? c["name"] : "" }));
  return bigPod.services.map((service) => {
    const kind = service.process === undefined ? "container" : "process";
    const name = containerOfService(service, declared);
    const status = statuses.find((s) => s.name === name);
    const restarts = status?.restarts ?? 0;
    if (name === null || !declared.some((c) => c.name === name)) return { name: service.name, kind, status: "unknown", detail: `this pod has no container ${name ?? "that is meant (set inContainer)"}`, restarts: 0 };
    const container = fromContainer(pod, status, now);
    const asked = isAsked(bigPod, service) || bigPod.metrics !== undefined;
    const told = asked ? withHealth(pod, service, container, health, now) : container;
    if (kind === "process" && !asked && told.status === "up") return { name: service.name, kind, status: "up", detail: "not asked: no monitor, supervisor or health path is configured", restarts };
    return { name: service.name, kind, ...told, restarts };
  });
}

/** One state per service over all pods: down when down everywhere, degraded when down in some; otherwise the worst. */
export function servicesOverPods(bigPod: BigPodConfig, pods: readonly { name: string; services: readonly ServiceState[] }[], whenNone: string): ServiceState[] {
  return bigPod.services.map((service) => {
    const kind = service.process === undefined ? ("container" as const) : ("process" as const);
    const each = pods.flatMap((pod) => pod.services.filter((s) => s.name === service.name).map((state) => ({ pod: pod.name, state })));
    const restarts = each.reduce((sum, { state }) => sum + state.restarts, 0);
    if (each.length === 0) return { name: service.name, kind, status: "unknown", detail: whenNone, restarts };
    const down = each.filter(({ state }) => state.status === "down");
    const worst = worstService(each.map(({ state }) => state.status));
    const status = down.length > 0 && down.length < each.length ? "degraded" : worst;
    const shown = each.find(({ state }) => state.status === worst);
    const affected = each.filter(({ state }) => state.status === worst).length;
    const detail = shown?.state.detail ?? null;
    return { name: service.name, kind, status, detail: detail === null || status === "up" || affected === each.length ? detail : `${detail} (${affected} of ${each.length} pods)`, restarts };
  });
}

