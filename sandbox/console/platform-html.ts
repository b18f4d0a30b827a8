import { button } from "#sandbox/console/button-html.ts";
import { escapeHtml } from "#sandbox/html.ts";
import type { GrafanaFaultState } from "#sandbox/grafana/faults.ts";
import type { AlertmanagerFaultState } from "#sandbox/alertmanager/faults.ts";
import type { SlackFaultState } from "#sandbox/slack/server.ts";
import type { FaultState } from "#sandbox/kube/faults.ts";
import type { PrometheusFaultState } from "#sandbox/prometheus/faults.ts";

const path = "/api/faults/api-server";
const resources = ["pods", "deployments.apps", "events", "configmaps"];
const groups = ["autoscaling", "networking.k8s.io", "batch"];

/** The Kubernetes API with its faults: what is on can be ended, what is off can be begun. */
export function apiServerHtml(state: FaultState): string {
  const forbidden = state.forbid.map((entry) => entry.resource);
  const rows = [
    state.down ? heal("Bring the Kubernetes API up", { down: false }) : fault("Take the Kubernetes API down", { down: true }),
    state.errorRate > 0 ? heal("End the errors of the Kubernetes API", { errorRate: 0 }) : fault("Answer half of all requests with 500", { errorRate: 0.5 }) + fault("Answer all requests with 500", { errorRate: 1 }),
    state.latencyMs > 0 ? heal(`End the latency of ${state.latencyMs} ms`, { latencyMs: 0 }) : fault("Delay every answer by 2 s", { latencyMs: 2000 }),
    state.silentWatches ? heal("Let the watches speak again", { silentWatches: false }) : fault("Silence all watches", { silentWatches: true }),
    button("Drop all watches", "/api/faults/drop-watches", {}),
    button("Expire the watch history", "/api/faults/expire-history", {}),
    ...listed(forbidden, resources).map((name) =>
      forbidden.includes(name) ? heal(`Allow ${name} again`, { forbid: state.forbid.filter((other) => other.resource !== name) }) : fault(`Forbid ${name}`, { forbid: [...state.forbid, { resource: name }] }),
    ),
    ...listed(state.unsupportedGroups, groups).map((name) =>
      state.unsupportedGroups.includes(name) ? heal(`Serve the group ${name} again`, { unsupportedGroups: state.unsupportedGroups.filter((other) => other !== name) }) : fault(`Stop serving the group ${name}`, { unsupportedGroups: [...state.unsupportedGroups, name] }),
    ),
  ];
  return section("api-server", "Kubernetes API", rows);
}

export function registryHtml(down: boolean): string {
  const act = down ? button("Bring the registry up", "/api/faults/registry", { down: false }, "heal") : button("Take the registry down", "/api/faults/registry", { down: true });
  return section("registry", "Registry", [act]);
}

export function prometheusHtml(state: PrometheusFaultState & { url: string }): string {
  const at = "/api/faults/prometheus";
  const one = (on: boolean, begin: string, end: string, change: Partial<PrometheusFaultState>, undo: Partial<PrometheusFaultState>) => (on ? button(end, at, undo, "heal") : button(begin, at, change));
  const rows = [
    one(state.down, "Stop Prometheus", "Start Prometheus", { down: true }, { down: false }),
    one(state.unavailable, "Let Prometheus answer 503", "End the 503 of Prometheus", { unavailable: true }, { unavailable: false }),
    one(state.latencyMs > 0, "Delay Prometheus by 8 s", `End Prometheus' delay of ${state.latencyMs} ms`, { latencyMs: 8000 }, { latencyMs: 0 }),
    one(state.nan, "Let Prometheus answer NaN", "End the NaN of Prometheus", { nan: true }, { nan: false }),
    one(state.warning, "Let Prometheus warn", "End the warnings of Prometheus", { warning: true }, { warning: false }),
    one(state.watchdogStopped, "Stop the Watchdog alert", "Let the Watchdog alert fire again", { watchdogStopped: true }, { watchdogStopped: false }),
  ];
  return section("prometheus", "Prometheus", [`<p><small><code>${escapeHtml(state.url)}</code></small></p>`, ...rows]);
}

export function grafanaHtml(state: GrafanaFaultState & { url: string }): string {
  const at = "/api/faults/grafana";
  const rows = [
    state.down ? button("Start Grafana", at, { down: false }, "heal") : button("Stop Grafana", at, { down: true }),
    state.forbidFraming ? button("Let Grafana be framed", at, { forbidFraming: false }, "heal") : button("Forbid framing of Grafana", at, { forbidFraming: true }),
    state.login ? button("Let Grafana be seen without a login", at, { login: false }, "heal") : button("Let Grafana want a login", at, { login: true }),
  ];
  return section("grafana", "Grafana", [`<p><small><code>${escapeHtml(state.url)}</code></small></p>`, ...rows]);
}

export function alertmanagerHtml(state: AlertmanagerFaultState & { url: string }): string {
  const at = "/api/faults/alertmanager";
  const rows = [
    state.down ? button("Start Alertmanager", at, { down: false }, "heal") : button("Stop Alertmanager", at, { down: true }),
    state.down ? "" : button("Restart Alertmanager, which forgets its alerts", at, { restart: true }),
    state.latencyMs > 0 ? button(`End Alertmanager's delay of ${state.latencyMs} ms`, at, { latencyMs: 0 }, "heal") : button("Delay Alertmanager by 8 s", at, { latencyMs: 8000 }),
  ];
  return section("alertmanager", "Alertmanager", [`<p><small><code>${escapeHtml(state.url)}</code></small></p>`, ...rows]);
}

export function slackHtml(state: SlackFaultState & { url: string }): string {
  const at = "/api/faults/slack";
  const rows = [
    state.down ? button("Bring Slack up", at, { down: false }, "heal") : button("Take Slack down", at, { down: true }),
    state.limited ? button("Let Slack take messages again", at, { limited: false }, "heal") : button("Let Slack ask for patience (429)", at, { limited: true }),
  ];
  return section("slack", "Slack", [`<p><a href="${escapeHtml(state.url)}" target="_blank" rel="noreferrer">What Vigie says there</a></p>`, ...rows]);
}

function section(id: string, title: string, rows: readonly string[]): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><div class="buttons">${rows.join("")}</div></section>`;
}

function listed(current: readonly string[], offered: readonly string[]): string[] {
  return [...new Set([...offered, ...current])];
}

function fault(says: string, change: Partial<FaultState>): string {
  return button(says, path, change);
}

function heal(says: string, change: Partial<FaultState>): string {
  return button(says, path, change, "heal");
}
