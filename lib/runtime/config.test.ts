import { expect, test } from "vitest";
import { parseConfig } from "#lib/runtime/config.ts";
import { isVigieError } from "#lib/domain/error.ts";

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
