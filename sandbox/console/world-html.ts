import { escapeHtml } from "#sandbox/html.ts";
import { alertmanagerHtml, apiServerHtml, grafanaHtml, prometheusHtml, registryHtml, slackHtml } from "#sandbox/console/platform-html.ts";
import { button } from "#sandbox/console/button-html.ts";
import { badReleaseKinds, badReleases } from "#sandbox/console/releases.ts";
import type { ConsoleState } from "#sandbox/console/server.ts";
import type { BigPodView, EnvironmentView, NodeView, PodView, WorldView } from "#sandbox/world/control.ts";

/** Everything that changes: environments, nodes, API server, registry, each with the buttons that fit its present state. */
export function worldHtml({ world, apiServer, registry, prometheus, grafana, alertmanager, slack }: ConsoleState): string {
  const environments = world.environments.map((environment, index) => environmentHtml(world, environment, index === world.environments.length - 1));
  return `<div class="environments">${environments.join("")}</div>
<div class="platform">${nodesHtml(world.nodes)}${apiServerHtml(apiServer)}${registryHtml(registry.down)}${prometheusHtml(prometheus)}${grafanaHtml(grafana)}${alertmanagerHtml(alertmanager)}${slackHtml(slack)}</div>`;
}

/** New builds go to the earlier environments, as a pipeline does; production is reached by promotion. */
function environmentHtml(world: WorldView, environment: EnvironmentView, isLast: boolean): string {
  const { name, namespace } = environment;
  const broken = (bigPod: string) => world.faults.some((fault) => fault.namespace === namespace && fault.bigPod === bigPod);
  const quota = environment.quotaFull
    ? button(`Lift the quota of ${name}`, "/api/faults/quota", { environment: name, full: false }, "heal")
    : button(`Fill the quota of ${name}`, "/api/faults/quota", { environment: name, full: true });
  const certificate = environment.certificateExpiring
    ? button(`Renew the certificate of ${name}`, "/api/faults/certificate", { environment: name, expiring: false }, "heal")
    : button(`Let the certificate of ${name} expire soon`, "/api/faults/certificate", { environment: name, expiring: true });
  const bad = badReleaseKinds.filter((kind) => environment.bigPods.some((bigPod) => bigPod.name === badReleases[kind].bigPod));
  const releases = bad.map((kind) => `<li>${button(`${badReleases[kind].says} to ${name}`, "/api/faults/release", { environment: name, kind })}</li>`);
  return `<section aria-labelledby="environment-${escapeHtml(name)}"><h2 id="environment-${escapeHtml(name)}">${escapeHtml(name)}</h2>
${environment.bigPods.map((bigPod) => bigPodHtml(name, bigPod, { takesBuilds: !isLast, broken: broken(bigPod.name) })).join("")}
<div class="buttons">${quota}${certificate}</div>
<details id="releases-${escapeHtml(name)}"><summary>Bad releases for ${escapeHtml(name)}</summary><ul class="buttons">${releases.join("")}</ul></details></section>`;
}

function bigPodHtml(environment: string, bigPod: BigPodView, { takesBuilds, broken }: { takesBuilds: boolean; broken: boolean }): string {
  const target = { environment, bigPod: bigPod.name };
  const whole = bigPod.readyReplicas >= bigPod.replicas && bigPod.pods.every((pod) => pod.ready && pod.processes.every((process) => process.ok));
  const push = takesBuilds ? button(`Push a good build of ${bigPod.name} to ${environment}`, "/api/releases", target, "quiet") : "";
  const memory = broken ? "" : button(`Exhaust the memory of ${bigPod.name} in ${environment}`, "/api/faults/exhaust-memory", target);
  const errors = broken ? "" : button(`Let ${bigPod.name} in ${environment} answer with errors`, "/api/faults/degrade", { ...target, errorRatio: 0.3, latencyFactor: 8 });
  const leak = broken ? "" : button(`Let ${bigPod.name} in ${environment} leak memory`, "/api/faults/degrade", { ...target, memoryRatio: 0.95 });
  const load = button(`Load ${bigPod.name} in ${environment} to 150 %`, "/api/faults/cpu-load", { ...target, ratio: 1.5 });
  // The world does not say how loaded a Big Pod is: "Mend" stands beside the load, and outside where it is known to be broken.
  const mend = button(`Mend ${bigPod.name} in ${environment}`, "/api/faults/mend", target, "heal");
  return `<article><h3>${escapeHtml(bigPod.name)} ${mark(whole, `${bigPod.readyReplicas}/${bigPod.replicas} ready`)}</h3>
<p class="images">${bigPod.images.map((image) => escapeHtml(shortImage(image))).join("<br>")}</p>
<ul class="processes">${processNames(bigPod).map((process) => processHtml(environment, bigPod, process)).join("")}</ul>
<details id="pods-${escapeHtml(`${environment}-${bigPod.name}`)}"><summary>${bigPod.pods.length} ${bigPod.pods.length === 1 ? "pod" : "pods"} of ${escapeHtml(bigPod.name)}</summary>
<ul class="pods">${bigPod.pods.map(podHtml).join("")}</ul></details>
<details id="more-${escapeHtml(`${environment}-${bigPod.name}`)}"><summary>More trouble for ${escapeHtml(bigPod.name)}</summary><div class="buttons">${errors}${leak}${memory}${load}${broken ? "" : mend}</div></details>
<div class="buttons">${broken ? mend : ""}${push}</div></article>`;
}

function processHtml(environment: string, bigPod: BigPodView, process: string): string {
  const instances = bigPod.pods.flatMap((pod) => pod.processes.filter((candidate) => candidate.name === process));
  const worst = instances.find((instance) => !instance.ok) ?? instances[0];
  const target = { environment, bigPod: bigPod.name, process };
  const heal = bigPod.crashing.includes(process) ? button(`Heal ${process} in ${environment}`, "/api/faults/heal", target, "heal") : "";
  return `<li><div>${escapeHtml(process)} ${mark(worst?.ok ?? false, worst?.state ?? "absent")}</div>
<div class="buttons">${button(`Crash ${process} in ${environment}`, "/api/faults/crash", { ...target, lasting: false })}
${button(`Keep ${process} crashing in ${environment}`, "/api/faults/crash", { ...target, lasting: true })}${heal}</div></li>`;
}

function podHtml(pod: PodView): string {
  const restarts = pod.restarts === 0 ? "" : ` · ${pod.restarts} ${pod.restarts === 1 ? "restart" : "restarts"}`;
  return `<li><code>${escapeHtml(pod.name)}</code> ${mark(pod.ready, pod.status)}<br><small>on ${escapeHtml(pod.node || "no node yet")}${restarts}</small></li>`;
}

function nodesHtml(nodes: readonly NodeView[]): string {
  const rows = nodes.map((node) => {
    const act = node.ready ? `Take node ${node.name} down` : `Bring node ${node.name} up`;
    return `<li><div>${escapeHtml(node.name)} ${mark(node.ready, node.ready ? "ready" : "not ready")} <small>${escapeHtml(node.architecture)}</small></div>
<div class="buttons">${button(act, "/api/faults/node", { node: node.name, down: node.ready }, node.ready ? "" : "heal")}</div></li>`;
  });
  return `<section aria-labelledby="nodes"><h2 id="nodes">Nodes</h2><ul class="processes">${rows.join("")}</ul>
<div class="buttons">${button("Fill the memory of all nodes", "/api/faults/fill-nodes", {})}</div></section>`;
}

function processNames(bigPod: BigPodView): string[] {
  return [...new Set([...bigPod.pods.flatMap((pod) => pod.processes.map((process) => process.name)), ...bigPod.crashing])].toSorted();
}

function shortImage(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return name.replace(/@sha256:([0-9a-f]{8})[0-9a-f]*$/, "@$1…");
}

/** Status as shape, colour and word. */
function mark(ok: boolean, word: string): string {
  return `<span class="${ok ? "ok" : "bad"}"><span aria-hidden="true">${ok ? "●" : "▲"}</span> ${escapeHtml(word)}</span>`;
}
