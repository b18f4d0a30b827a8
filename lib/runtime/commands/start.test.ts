import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { root } from "#lib/runtime/home.ts";

/** What a person sees who starts Vigie with something wrong: the sentence, exit code 1, and nothing left behind. */

const folder = mkdtempSync(join(tmpdir(), "vigie-start-"));
const home = join(folder, "home");
const kubeconfig = (user: Record<string, unknown>) => ({
  apiVersion: "v1", kind: "Config", "current-context": "here",
  clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1", "insecure-skip-tls-verify": true } }],
  users: [{ name: "u", user }],
  contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
});
const environment = (cluster: Record<string, unknown>, name = "prod") => ({ name, cluster, namespace: `dream-${name}` });
const good = {
  platform: { name: "Testing" },
  environments: [environment({ kubeconfig: "good.kubeconfig" })],
  bigPods: [{ name: "core", workload: { name: "core" }, services: [{ name: "auth", container: "auth" }] }],
  access: { providers: [{ id: "sso", kind: "oidc", title: "SSO", issuer: "https://id.example.org", clientId: "vigie", clientSecret: "env:TEST_CLIENT_SECRET" }], roles: [{ role: "admin", groups: ["admins"] }] },
};

beforeAll(() => {
  writeFileSync(join(folder, "good.kubeconfig"), stringify(kubeconfig({ token: "t" })));
  writeFileSync(join(folder, "exec.kubeconfig"), stringify(kubeconfig({ exec: { apiVersion: "client.authentication.k8s.io/v1", command: "aws-iam-authenticator" } })));
  writeFileSync(join(folder, "broken.kubeconfig"), "clusters: [\ntoken: very-secret-text");
  mkdirSync(join(folder, "folder.kubeconfig"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(home, { recursive: true, force: true }));

async function run(command: readonly string[], config: unknown, environmentVariables: Record<string, string | undefined> = {}): Promise<{ code: number | null; said: string }> {
  const file = join(folder, "vigie.yaml");
  if (config === null) rmSync(file, { force: true });
  else writeFileSync(file, typeof config === "string" ? config : stringify(config));
  const env: NodeJS.ProcessEnv = { ...process.env, VIGIE_CONFIG: file, VIGIE_HOME: home, TEST_CLIENT_SECRET: "a-secret-value", ...environmentVariables };
  for (const name of ["HOST", "PORT", "DATABASE_URL", "NEXTAUTH_SECRET", "NEXTAUTH_URL", "VIGIE_BOOTSTRAP_TOKEN", "TEST_CLIENT_SECRET"]) if (environmentVariables[name] === undefined && (name !== "TEST_CLIENT_SECRET" || name in environmentVariables)) delete env[name];
  const [script = "", ...rest] = command;
  const child = spawn(process.execPath, [join(root, "lib/runtime/commands", script), ...rest], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = await once(child, "close");
  return { code, said };
}

const withRegistry = { ...good, registries: [{ host: "ghcr.io", username: "u", password: "file:registry-password" }] };
const cases: { name: string; config: unknown; env?: Record<string, string | undefined>; says: RegExp[] }[] = [
  { name: "no configuration", config: null, says: [/There is no configuration at .*vigie\.yaml\. Write one/] },
  { name: "YAML that is none", config: "platform: {name: x\nbigPods: ]", says: [/vigie\.yaml:2: /] },
  { name: "a misspelt key", config: { ...good, enviroments: [] }, says: [/vigie\.yaml:\d+: enviroments: unknown key/] },
  { name: "a kubeconfig that is not there", config: { ...good, environments: [environment({ kubeconfig: "gone.kubeconfig" })] }, says: [/environments\[0\] \(prod\): The kubeconfig .*gone\.kubeconfig cannot be read: it does not exist/] },
  { name: "a kubeconfig that is a folder", config: { ...good, environments: [environment({ kubeconfig: "folder.kubeconfig" })] }, says: [/it is a folder/] },
  { name: "a kubeconfig that is no YAML, which may hold secrets", config: { ...good, environments: [environment({ kubeconfig: "broken.kubeconfig" })] }, says: [/broken\.kubeconfig is not valid YAML/] },
  { name: "a context that is not in the file", config: { ...good, environments: [environment({ kubeconfig: "good.kubeconfig", context: "there" })] }, says: [/no context "there"\. It has: "here"/] },
  { name: "an exec plug-in that nobody allowed", config: { ...good, environments: [environment({ kubeconfig: "exec.kubeconfig" })] }, says: [/allowPlugins: \["aws-iam-authenticator"\]/] },
  { name: "a secret that is not set", config: good, env: { TEST_CLIENT_SECRET: undefined }, says: [/environment variable TEST_CLIENT_SECRET, which is not set/] },
  { name: "a secret's file that is not there", config: withRegistry, says: [/the file registry-password, which cannot be read/] },
  { name: "sign-in over plain http", config: { ...good, access: { ...good.access, providers: [{ ...good.access.providers[0], issuer: "http://id.example.org" }] } }, says: [/sso is reached over plain http/] },
  { name: "an address for others without https", config: good, env: { HOST: "0.0.0.0" }, says: [/server\.url is missing: the portal listens on 0\.0\.0\.0/] },
  { name: "a bootstrap token that could be guessed", config: good, env: { VIGIE_BOOTSTRAP_TOKEN: "admin" }, says: [/VIGIE_BOOTSTRAP_TOKEN is shorter than 32 characters/] },
  { name: "a portal secret that could be guessed", config: good, env: { NEXTAUTH_SECRET: "short" }, says: [/NEXTAUTH_SECRET is shorter than 32/] },
  { name: "a port that is none", config: good, env: { PORT: "http" }, says: [/PORT is "http"; it must be a number/] },
  {
    name: "several mistakes at once, all told",
    config: { ...good, environments: [environment({ kubeconfig: "gone.kubeconfig" }, "staging"), environment({ kubeconfig: "exec.kubeconfig" })] },
    env: { TEST_CLIENT_SECRET: undefined },
    says: [/\(staging\).*does not exist/, /\(prod\).*aws-iam-authenticator/, /TEST_CLIENT_SECRET/],
  },
];

describe("npm start refuses before anything is started", () => {
  test.each(cases)("$name", async ({ config, env, says }) => {
    const { code, said } = await run(["start.ts"], config, env);
    expect(code, said).toBe(1);
    for (const sentence of says) expect(said).toMatch(sentence);
    expect(said).not.toMatch(/\n\s+at |very-secret-text|a-secret-value|Building/);
    expect(existsSync(home)).toBe(false);
  });
});

test("the demo, whose accounts have no password, runs on loopback only", async () => {
  const { code, said } = await run(["demo.ts"], null, { HOST: "0.0.0.0" });
  expect([code, said]).toEqual([1, expect.stringMatching(/runs only when the portal listens on loopback\. HOST is 0\.0\.0\.0: leave it out/)]);
  expect(existsSync(join(home, "postgres"))).toBe(false);
});

test.each(["worker", "web"])("npm run %s refuses alike", async (part) => {
  const { code, said } = await run(["single.ts", part], { ...good, environments: [environment({ kubeconfig: "gone.kubeconfig" })] });
  expect([code, said]).toEqual([1, expect.stringMatching(/gone\.kubeconfig cannot be read/)]);
  expect(said).not.toMatch(/\n\s+at |Building/);
});
