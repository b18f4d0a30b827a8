import { expect, test } from "vitest";
import { parse } from "yaml";
import { demoAccounts } from "#sandbox/identity/accounts.ts";
import { portalConfig } from "#sandbox/portal-config.ts";

const text = portalConfig({ kubeconfig: "kubeconfig", context: "sandbox", registryUrl: "http://127.0.0.1:5001", prometheusUrl: "http://127.0.0.1:5003", alertmanagerUrl: "http://127.0.0.1:5004", githubUrl: "http://127.0.0.1:5005", webhookSecretFile: "webhook-secret", issuer: "http://127.0.0.1:5002", clientId: "vigie", clientSecretFile: "identity-secret" });
const config = parse(text);

test("names the sandbox's addresses, and its secret by reference only", () => {
  expect(config.registries).toEqual([{ host: "ghcr.io", url: "http://127.0.0.1:5001" }]);
  expect(config.prometheus).toEqual([{ url: "http://127.0.0.1:5003" }]);
  expect(config.alertmanager).toEqual([{ url: "http://127.0.0.1:5004" }]);
  expect(config.alerting).toEqual({ webhookSecret: "file:webhook-secret", watchdog: { alert: "Watchdog", silentSeconds: 60 }, pollSeconds: 2 });
  expect(config.access.providers).toEqual([{ id: "demo", kind: "oidc", title: "Demo accounts", issuer: "http://127.0.0.1:5002", clientId: "vigie", clientSecret: "file:identity-secret" }]);
});

test("describes three environments in order and both forms of Big Pod", () => {
  expect(config.environments.map((environment: { namespace: string }) => environment.namespace)).toEqual(["dreamscape-dev", "dreamscape-staging", "dreamscape-prod"]);
  const forms = config.bigPods.map((bigPod: { services: { container?: string; process?: string }[] }) => bigPod.services.map((service) => (service.container === undefined ? "process" : "container")));
  expect(forms).toEqual([["container", "container", "container", "container"], ["process", "process", "process"], ["process", "process"]]);
});

test("gives a role to each group of the demo's accounts", () => {
  const bound = config.access.roles.flatMap((role: { groups: string[] }) => role.groups);
  for (const account of demoAccounts) for (const group of account.groups) expect(bound).toContain(group);
});

test("tells a Slack of incidents and shows runbooks where they are given, and neither otherwise", () => {
  expect([config.notifications, config.runbooks]).toEqual([undefined, undefined]);
  const told = parse(portalConfig({ kubeconfig: "kubeconfig", context: "sandbox", registryUrl: "http://127.0.0.1:5001", prometheusUrl: "http://127.0.0.1:5003", alertmanagerUrl: "http://127.0.0.1:5004", webhookSecretFile: "webhook-secret", githubUrl: "http://127.0.0.1:5006", issuer: "http://127.0.0.1:5002", clientId: "vigie", clientSecretFile: "identity-secret", slack: { url: "http://127.0.0.1:5005/api", tokenFile: "slack-token", channel: "C1" }, runbooks: "/srv/runbooks" }));
  expect(told.notifications).toEqual([{ kind: "slack", name: "slack", token: "file:slack-token", to: "C1", url: "http://127.0.0.1:5005/api", from: "warning" }]);
  expect(told.runbooks).toEqual({ folder: "/srv/runbooks" });
});

test("says which environments have two colours", () => {
  const coloured = parse(portalConfig({ kubeconfig: "kubeconfig", context: "sandbox", registryUrl: "http://127.0.0.1:5001", prometheusUrl: "http://127.0.0.1:5003", alertmanagerUrl: "http://127.0.0.1:5004", githubUrl: "http://127.0.0.1:5005", webhookSecretFile: "webhook-secret", issuer: "http://127.0.0.1:5002", clientId: "vigie", clientSecretFile: "identity-secret", blueGreen: ["prod"] }));
  expect(coloured.environments.map((environment: { policy: { strategy?: unknown } }) => environment.policy.strategy)).toEqual([undefined, undefined, { kind: "blue-green", standbyMinutes: 30 }]);
});
