import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "#lib/runtime/config.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { root } from "#lib/runtime/home.ts";

const good = `platform:
  name: DreamScape
environments:
  - name: staging
    cluster: {kubeconfig: ./kubeconfig, context: a}
    namespace: dreamscape-staging
  - name: prod
    cluster: {kubeconfig: ./kubeconfig, context: a}
    namespace: dreamscape-prod
bigPods:
  - name: core
    workload: {name: core}
    services:
      - {name: auth, container: auth, port: 3001, healthPath: /health}
access:
  providers:
    - {id: sso, kind: oidc, title: SSO, issuer: "https://id.example", clientId: vigie, clientSecret: "env:SSO"}
  roles:
    - {role: admin, groups: [ops]}
`;

function mistakes(text: string): string {
  try {
    parseConfig(text, "vigie.yaml");
  } catch (error) {
    if (isVigieError(error)) return error.message;
    throw error;
  }
  return "";
}

test("a good file is read, with its defaults", () => {
  const config = parseConfig(good, "vigie.yaml");
  expect(config.environments[1]?.policy.rolloutTimeoutSeconds).toBe(600);
  expect(config.bigPods[0]?.workload).toEqual({ kind: "Deployment", name: "core" });
});

test.each([
  ["a misspelt key", good.replace("namespace: dreamscape-prod", "namespaces: dreamscape-prod"), /vigie\.yaml:9: environments\[1\]\.namespaces: unknown key/],
  ["a missing key, told at its parent", good.replace("    namespace: dreamscape-prod\n", ""), /vigie\.yaml:7: environments\[1\]\.namespace: /],
  ["a secret written out", good.replace("env:SSO", "hunter2"), /vigie\.yaml:17: access\.providers\[0\]\.clientSecret: .*reference to a secret/],
  ["both forms of cluster", good.replace("{kubeconfig: ./kubeconfig, context: a}", "{kubeconfig: x, inCluster: true}"), /vigie\.yaml:5: environments\[0\]\.cluster: either kubeconfig/],
  ["the same name twice", good.replace("name: prod", "name: staging"), /vigie\.yaml:7: environments\[1\]\.name: another name/],
  ["the same place twice", good.replace("dreamscape-prod", "dreamscape-staging"), /vigie\.yaml:9: environments\[1\]\.namespace: another cluster or namespace/],
  ["a role in no environment", good.replace("groups: [ops]", "groups: [ops], environments: [production]"), /access\.roles\[0\]\.environments\[0\]: one of the environments: staging, prod/],
  ["broken YAML", good.replace("platform:", "platform: ["), /vigie\.yaml:\d+: /],
  ["an empty file", "", /vigie\.yaml:1: \(the whole file\)/],
  ["a repeated key", `${good}platform: {name: x}\n`, /vigie\.yaml:20: .*unique/],
])("%s is named with its line", (_, text, expected) => {
  expect(mistakes(text)).toMatch(expected);
});

test("all mistakes are told at once", () => {
  expect(mistakes(good.replace("dreamscape-prod", "Dreamscape_Prod").replace("port: 3001", "port: 99999"))).toMatch(/2 mistakes/);
});

const now = new Date("2026-11-21T12:00:00Z");
/** Mistakes of a policy for prod, the second of two environments. */
function policyMistakes(policy: string, change: (text: string) => string = (text) => text): string {
  const indented = policy.trim().split("\n").map((line) => `      ${line}`).join("\n");
  const text = change(good.replace("    namespace: dreamscape-prod\n", `    namespace: dreamscape-prod\n    policy:\n${indented}\n`));
  try {
    parseConfig(text, "vigie.yaml", now);
  } catch (error) {
    if (isVigieError(error)) return error.message;
    throw error;
  }
  return "";
}
const prometheus = (text: string): string => `${text}prometheus:\n  - {url: "http://127.0.0.1:9090", environments: [staging]}\n`;
const egress = (text: string): string => `${text}egress: {allow: [status.example.org]}\n`;
const window = (rest: string): string => `windows:\n  - {name: release, ${rest}}`;
const whole = 'every: week, on: [tuesday], from: "14:00", to: "17:00", timeZone: Europe/Paris';

test("a policy with everything in it is read", () => {
  const policy = `
soakMinutes: 60
bakeMinutes: 10
approvals: {required: 2}
windows:
  - {name: release, every: month, on: [first tuesday, last friday], from: "14:00", to: "17:00", timeZone: Europe/Paris}
  - {name: night, every: day, from: "23:00", to: "01:00", timeZone: Europe/Paris}
freezes:
  - {name: Christmas, from: 2026-12-20T00:00, to: 2027-01-04T08:00, timeZone: Europe/Paris, reason: no one is on call}
gates:
  before:
    - {kind: parity}
    - {kind: no-incident}
    - {kind: smoke, in: source, checks: [{bigPod: core, service: auth}]}
    - {kind: metric, in: source, name: errors, query: 'sum(rate(e{namespace="$namespace"}[5m]))', pass: "< 0.01"}
  after:
    - {kind: smoke, checks: [{url: "https://status.example.org/health"}]}`;
  expect(policyMistakes(policy, (text) => egress(prometheus(text)))).toBe("");
});

test.each([
  ["an unknown time zone", window(whole.replace("Paris", "Pari")), /vigie\.yaml:12: environments\[1\]\.policy\.windows\[0\]\.timeZone: a time zone of the IANA database.*"Europe\/Pari" is not known/],
  ["a weekday that is none", window(whole.replace("tuesday", "tuseday")), /windows\[0\]\.on\[0\]: weekdays such as "tuesday", not "tuseday"/],
  ["a week without days", window(whole.replace("[tuesday]", "[]")), /windows\[0\]\.on: weekdays/],
  ["days that are given a day", window(whole.replace("every: week", "every: day")), /windows\[0\]\.on: nothing: it is every day/],
  ["a month by weekday", window(whole.replace("every: week", "every: month")), /windows\[0\]\.on\[0\]: "first tuesday" … .*, not "tuesday"/],
  ["overlapping windows", `windows:\n  - {name: a, ${whole}}\n  - {name: b, ${whole.replace("14:00", "16:30").replace("17:00", "18:00")}}`, /windows\[1\]: times that no other window has: "b" overlaps "a" on 2026-11-24/],
  ["windows that overlap one day in the year", `windows:\n  - {name: a, ${whole}}\n  - {name: b, ${whole.replace("every: week, on: [tuesday]", 'every: month, on: ["13"]')}}`, /windows\[1\]: times that no other window has: "b" overlaps "a"/],
  ["windows of one name", `windows:\n  - {name: a, ${whole}}\n  - {name: a, ${whole.replace("tuesday", "friday")}}`, /windows\[1\]\.name: another name/],
  ["a window that is always frozen", `${window(whole)}\nfreezes:\n  - {name: ever, from: 2026-01-01T00:00, to: 2030-01-01T00:00, timeZone: UTC, reason: closed for good}`, /windows\[0\]: a window that opens: freezes cover every time of "release" within a year/],
  ["a freeze that ends before it begins", "freezes:\n  - {name: x, from: 2026-12-24T00:00, to: 2026-12-23T00:00, timeZone: UTC, reason: wrong way}", /freezes\[0\]\.to: a moment after its beginning \(2026-12-24T00:00\)/],
  ["a freeze on a day that does not exist", "freezes:\n  - {name: x, from: 2026-02-30T00:00, to: 2026-12-23T00:00, timeZone: UTC, reason: no such day}", /freezes\[0\]\.from: a day that exists/],
  ["a freeze in an unknown zone", "freezes:\n  - {name: x, from: 2026-12-24T00:00, to: 2026-12-25T00:00, timeZone: Mars/Base, reason: no such zone}", /freezes\[0\]\.timeZone: .*"Mars\/Base" is not known/],
  ["a metric without a Prometheus", 'gates: {before: [{kind: metric, name: e, query: up, pass: "< 1"}]}', /gates\.before\[0\]\.kind: .*a Prometheus for "prod" under prometheus: none is configured for it/],
  ["alerts without a Prometheus", "gates: {after: [{kind: no-new-alert}]}", /gates\.after\[0\]\.kind: .*none is configured for it/],
  ["an unknown variable in a query", 'gates: {before: [{kind: metric, in: source, name: e, query: "up{a=\\"$namespaces\\"}", pass: "< 1"}]}', /gates\.before\[0\]\.query: only the variables \$environment, \$namespace and \$bigPods, not \$namespaces/],
  ["every measurement may fail", 'gates: {before: [{kind: metric, in: source, name: e, query: up, pass: "< 1", count: 2, failureLimit: 2}]}', /failureLimit: less than count \(2\)/],
  ["measurements that hold the turn for long", 'gates: {before: [{kind: metric, in: source, name: e, query: up, pass: "< 1", count: 10, intervalSeconds: 60}]}', /count: measurements that take at most 300 s/],
  ["a gate of no known kind", "gates: {before: [{kind: vibes}]}", /gates\.before\[0\]\.kind: .*parity.*no-incident.*smoke.*metric/],
  ["a gate that stands in the wrong list", "gates: {before: [{kind: no-new-alert}]}", /gates\.before\[0\]\.kind: .*parity/],
  ["a smoke URL of a host that is not allowed", 'gates: {after: [{kind: smoke, checks: [{url: "http://169.254.169.254/latest"}]}]}', /checks\[0\]\.url: a host that stands in egress\.allow: "169\.254\.169\.254" does not/],
  ["a smoke URL with a password", 'gates: {after: [{kind: smoke, checks: [{url: "https://me:pw@status.example.org/"}]}]}', /checks\[0\]\.url: an address without a name or password/],
  ["a smoke check of an unknown Big Pod", "gates: {after: [{kind: smoke, checks: [{bigPod: cores}]}]}", /checks\[0\]\.bigPod: one of the Big Pods: core/],
  ["a smoke check of an unknown service", "gates: {after: [{kind: smoke, checks: [{bigPod: core, service: auht}]}]}", /checks\[0\]\.service: one of the services of core: auth/],
  ["a drill in the last environment", 'drill: {every: week, on: [monday], at: "03:00", timeZone: UTC}', /policy\.drill: no drill in the last environment/],
  ["a watch that watches nothing", "watch: {watchMinutes: 0, mode: rollback}", /watch\.watchMinutes: 1 or more/],
  ["a standby that ends before the watch", "strategy: {kind: blue-green, standbyMinutes: 5}\nwatch: {watchMinutes: 30, mode: rollback}", /strategy\.standbyMinutes: at least watchMinutes \(30\)/],
])("policy: %s", (_, policy, expected) => expect(policyMistakes(policy, (text) => egress(prometheus(text)))).toMatch(expected));

test("a smoke check needs somewhere to ask", () => {
  const portless = (text: string): string => text.replace("port: 3001, healthPath: /health", "port: 3001");
  expect(policyMistakes("gates: {after: [{kind: smoke, checks: [{bigPod: core, service: auth}]}]}", portless)).toMatch(/checks\[0\]: a service with a port and a healthPath \(or a path here\): auth has not/);
  expect(policyMistakes("gates: {after: [{kind: smoke}]}", portless)).toMatch(/gates\.after\[0\]: checks, or services with a port and a healthPath: there is nothing to ask/);
});

test.each(["https://status.example.org", "status.example.org/path", "*"])("egress entry %s is refused", (entry) => expect(policyMistakes("soakMinutes: 1", (text) => `${text}egress: {allow: ["${entry}"]}\n`)).toMatch(/egress\.allow\[0\]: a host such as status\.example\.org/));

test("windows that only touch where the clocks change do not overlap", () => {
  const night = (name: string, from: string, to: string): string => `{name: ${name}, every: day, from: "${from}", to: "${to}", timeZone: Europe/Paris}`;
  expect(policyMistakes(`windows:\n  - ${night("a", "01:00", "02:30")}\n  - ${night("b", "02:30", "04:00")}`)).toBe("");
});

test.each([
  ["of an unknown environment", '  - {url: "http://a:9090", environments: [production]}', /prometheus\[0\]\.environments\[0\]: one of the environments: staging, prod/],
  ["twice for one environment", '  - {url: "http://a:9090", environments: [prod]}\n  - {url: "http://b:9090", environments: [prod]}', /prometheus\[1\]\.environments\[0\]: .*"prod" stands above/],
  ["twice for all", '  - {url: "http://a:9090"}\n  - {url: "http://b:9090"}', /prometheus\[1\]: environments: a Prometheus above is for all others already/],
])("a Prometheus %s", (_, entries, expected) => expect(mistakes(`${good}prometheus:\n${entries}\n`)).toMatch(expected));
test.each<[string, string, RegExp]>([
  ["of an unknown environment", '  - {url: "http://a:9093", environments: [production]}', /alertmanager\[0\]\.environments\[0\]: one of the environments: staging, prod/],
  ["twice for one environment", '  - {url: "http://a:9093", environments: [prod]}\n  - {url: "http://b:9093", environments: [prod]}', /alertmanager\[1\]\.environments\[0\]: an environment that no other Alertmanager has: "prod" stands above/],
  ["twice for all", '  - {url: "http://a:9093"}\n  - {url: "http://b:9093"}', /alertmanager\[1\]: environments: an Alertmanager above is for all others already/],
])("an Alertmanager %s", (_, entries, expected) => expect(mistakes(`${good}alertmanager:\n${entries}\n`)).toMatch(expected));

/** The configurations that the documentation shows are ones that Vigie takes. */
const yamlOf = (file: string): string[] => [...readFileSync(join(root, "docs", file), "utf8").matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)].map(([, indent = "", text = ""]) => text.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
test("README.md, the guide", () => expect(mistakes(yamlOf("../README.md").find((text) => text.startsWith("platform:")) ?? "")).toBe(""));
test("docs/configuration.md", () => expect(mistakes(yamlOf("configuration.md").find((text) => text.startsWith("platform:")) ?? "")).toBe(""));
test("docs/notifications.md", () => expect(mistakes(good + (yamlOf("notifications.md")[0] ?? ""))).toBe(""));
test("docs/gates.md, the guide and the examples", () => {
  const [guide = "", windows = "", smoke = "", metrics = ""] = yamlOf("gates.md");
  const [head = "", tail = ""] = good.split("  - name: prod\n");
  const rest = tail.slice(tail.indexOf("bigPods:"));
  const policy = guide.slice(guide.indexOf("  - name: prod"));
  expect(policyOf(head + policy + rest).windows[0]?.name).toBe("Release window");
  const services = rest.replace("services:\n      - {name: auth, container: auth, port: 3001, healthPath: /health}", "services:\n      - {name: auth, container: auth, port: 3001, healthPath: /health}\n  - name: experience\n    workload: {name: experience}\n    services:\n      - {name: voyage, container: voyage, port: 3003, healthPath: /health}");
  const within = (text: string): string => text.split("\n").map((line) => (line === "" ? line : `      ${line}`)).join("\n");
  const place = "  - name: prod\n    cluster: {kubeconfig: k}\n    namespace: p\n    policy:\n";
  expect(policyOf(`${head}${place}${within(windows)}${rest}`).windows).toHaveLength(4);
  for (const example of [smoke, metrics]) {
    const [above = "", gates = ""] = example.split("…\n");
    const after = policyOf(`${head}${place}${within(gates)}${services}${above}`).gates.after;
    expect(after.length).toBeGreaterThan(0);
  }
});

function policyOf(text: string) {
  const policy = parseConfig(text, "docs", now).environments[1]?.policy;
  if (policy === undefined) throw new Error("there is a second environment");
  return policy;
}
