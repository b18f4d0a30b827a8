import type { OperationStep, PlanTarget } from "#lib/contracts/operation.ts";
import { servicePorts } from "#lib/domain/colour-ports.ts";
import { ClusterError } from "#lib/ports/cluster.ts";
import { readServiceReply } from "#lib/worker/watchers/probe-answer.ts";
import { askedServices, askPod } from "#lib/worker/watchers/probe-pod.ts";
import { colourOf } from "#lib/worker/operations/colour-objects.ts";
import { awaitEndpoints } from "#lib/worker/operations/colour-endpoints.ts";
import { stillRaised } from "#lib/worker/operations/colour-raise.ts";
import { StepFailed } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";
import { awaitRollout } from "#lib/worker/operations/rollout.ts";

/** One answer of a pod; as long as the probes give it. */
const askTimeoutMs = 900;
/** Pods that are well while their Service does not lead to them: proxies of a cluster may need a moment, not more. */
const serviceGraceMs = 5_000;

/** The idle colour is as it was raised, its preview Service leads to all of its pods and to no other, and every service in every one of them says now that it is up. */
export async function preview(run: Run, step: OperationStep, target: PlanTarget, deadline: number, signal: AbortSignal): Promise<string> {
  const { previewService } = colourOf(target);
  const settled = await awaitAnswers(run, step, [target], deadline, signal);
  await stillRaised(run, target, deadline);
  const reached = await awaitEndpoints(run, step, target, previewService.name, deadline, signal);
  const through = await askThroughService(run, step, target, previewService.name, deadline, signal);
  return `Service ${previewService.name} leads to ${reached === 1 ? "1 pod" : `${reached} pods`} of ${target.workload.name}; ${settled}${through === null ? "" : `; ${through}`}`;
}

/**
 * Waits for the rollouts, and then until every pod says afresh that its services are up: what was last folded may be a second old, and that second is the one
 * that matters around a switch. A service that stays down turns the folded state broken, which ends the wait with its cause.
 */
export async function awaitAnswers(run: Run, step: OperationStep, targets: readonly PlanTarget[], deadline: number, signal: AbortSignal): Promise<string> {
  for (;;) {
    const settled = await awaitRollout(run, step, targets, deadline, signal);
    const answers = await Promise.all(targets.map((target) => askAll(run, target, signal)));
    const bad = answers.find((answer) => answer !== null);
    if (bad == null) return settled;
    if (performance.now() >= deadline) throw new StepFailed(bad);
    await run.journal.note(step, bad);
    await run.view.changed(Math.min(1_000, Math.max(1, deadline - performance.now())), signal);
  }
}

/** Asks every pod of a colour for its services, now. What is not up, as a clause; null when all is. That pods cannot be asked here at all is judged with the rollout. */
async function askAll(run: Run, target: PlanTarget, signal: AbortSignal): Promise<string | null> {
  const bigPod = run.config.bigPods.find((candidate) => candidate.name === target.bigPod);
  if (bigPod === undefined || askedServices(bigPod).length === 0) return null;
  const pods = (run.view.side(target.bigPod, target.workload.name).state?.pods ?? []).filter((pod) => pod.ready && !pod.terminating);
  const outcomes = await Promise.all(pods.map(async ({ name, uid }) => [name, await askPod({ api: run.cluster, namespace: run.environment.namespace, pod: { name, uid }, bigPod, tails: new Map(), timeoutMs: askTimeoutMs, signal })] as const));
  if (signal.aborted) throw signal.reason;
  for (const [pod, outcome] of outcomes) {
    if (outcome.kind === "late") return `${pod} does not answer in time`;
    if (outcome.kind === "gone") return `${pod} is gone`;
    if (outcome.kind !== "answer") continue;
    const down = Object.entries(outcome.services).find(([, health]) => health.status !== "up" && health.status !== "unknown");
    if (down !== undefined) return `${down[0]} in ${pod} is ${down[1].status}${down[1].detail === null ? "" : `: ${down[1].detail}`}`;
  }
  return null;
}

/**
 * Asks the preview Service itself for every service whose port it exposes, as clients will ask the other one. Null when it exposes none of them.
 * Throws StepFailed when one does not answer well for five seconds.
 */
async function askThroughService(run: Run, step: OperationStep, target: PlanTarget, name: string, deadline: number, signal: AbortSignal): Promise<string | null> {
  const bigPod = run.config.bigPods.find((candidate) => candidate.name === target.bigPod);
  const service = run.view.service(name);
  const { workload, state } = run.view.side(target.bigPod, target.workload.name);
  if (bigPod === undefined || service === undefined || workload === undefined || (state?.replicas.desired ?? 0) === 0) return null;
  const ports = servicePorts(bigPod, service, workload);
  if (ports.length === 0) return null;
  const until = Math.min(deadline, performance.now() + serviceGraceMs);
  for (;;) {
    let bad: string | null = null;
    for (const { service: asked, servicePort, port, path } of ports) {
      try {
        const reply = await run.cluster.serviceHttp(run.environment.namespace, name, servicePort, path, askTimeoutMs, signal);
        const health = readServiceReply(reply.status, reply.body, port, path);
        if (health.status !== "up") bad = `${asked} does not answer well through port ${servicePort} of Service ${name}: ${health.detail ?? health.status}`;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof ClusterError)) throw error;
        // No right, or no proxy in this cluster: its pods have been asked one by one, and that is said.
        if (error.reason === "forbidden" || error.reason === "unauthorized" || error.reason === "unsupported") return `Service ${name} itself could not be asked (${error.message})`;
        bad = error.message;
      }
      if (bad !== null) break;
    }
    if (bad === null) return `asked through it, ${ports.map((port) => port.service).join(", ")} ${ports.length === 1 ? "answers" : "answer"} well`;
    if (performance.now() >= until) throw new StepFailed(bad);
    await run.journal.note(step, bad);
    await run.view.changed(Math.min(500, Math.max(1, until - performance.now())), signal);
  }
}
