import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generate } from "selfsigned";
import { stringify } from "yaml";
import { environmentConfigSchema } from "#lib/contracts/config.ts";
import type { ClusterConfig } from "#lib/contracts/config.ts";
import { isVigieError } from "#lib/domain/error.ts";
import type { Log } from "#lib/ports/runtime.ts";
import { createClusters, shortNames } from "#lib/adapters/kubernetes/clusters.ts";
import { connectionInCluster } from "#lib/adapters/kubernetes/connection.ts";
import { loadCluster } from "#lib/adapters/kubernetes/load-cluster.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
let folder: string;
let pem: { cert: string; private: string };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-kubeconfig-"));
  pem = await generate([{ name: "commonName", value: "lab" }]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");

interface Parts {
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
  context?: Record<string, unknown>;
  file?: Record<string, unknown>;
}

let count = 0;
/** Writes a kubeconfig that works but for what the test changes. */
function write(parts: Parts = {}): string {
  count += 1;
  const path = join(folder, `config-${count}`);
  writeFileSync(
    path,
    stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "prod",
      clusters: [{ name: "oracle", cluster: { server: "https://10.0.0.1:6443", "certificate-authority-data": base64(pem.cert), ...parts.cluster } }],
      users: [{ name: "vigie", user: { token: "secret-token", ...parts.user } }],
      contexts: [{ name: "prod", context: { cluster: "oracle", user: "vigie", ...parts.context } }, { name: "staging", context: { cluster: "oracle", user: "vigie" } }],
      ...parts.file,
    }),
  );
  return path;
}

const config = (kubeconfig: string, more: Partial<ClusterConfig> = {}): ClusterConfig => ({ kubeconfig, allowPlugins: [], ...more });

/** The sentence of the VigieError "invalid" that loading throws. */
function refusal(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (!isVigieError(error)) throw error;
    expect(error.code).toBe("invalid");
    return error.message;
  }
  throw new Error("nothing was thrown");
}

describe("a kubeconfig that works", () => {
  it("gives server, authority and token, from the current context or a named one", async () => {
    const path = write();
    const loaded = loadCluster(config(path), "/");
    expect(loaded).toMatchObject({ context: "prod", file: path });
    expect(loaded.connection).toMatchObject({ verifyTls: true });
    expect(loaded.connection.server.href).toBe("https://10.0.0.1:6443/");
    const { headers, tls } = await loaded.connection.credentials();
    expect(headers).toEqual({ authorization: "Bearer secret-token" });
    expect(tls.ca?.toString()).toBe(pem.cert);
    expect(loadCluster(config(path, { context: "staging" }), "/").context).toBe("staging");
  });

  it("finds the file from the configuration's folder, and other files from its own", async () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "token"), "from-a-file\n");
    writeFileSync(join(folder, "sub", "ca.pem"), pem.cert);
    writeFileSync(join(folder, "sub", "config"), stringify({
      "current-context": "x",
      clusters: [{ name: "c", cluster: { server: "https://k3s.example:6443", "certificate-authority": "ca.pem", "tls-server-name": "k3s" } }],
      users: [{ name: "u", user: { tokenFile: "token" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    }));
    const { connection } = loadCluster(config("sub/config"), folder);
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer from-a-file" });
    expect(connection.servername).toBe("k3s");
    writeFileSync(join(folder, "sub", "token"), "renewed");
    connection.forget();
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer renewed" });
    rmSync(join(folder, "sub", "token"));
    connection.forget();
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer renewed" });
  });

  it("counts what is renewed in the file itself, and keeps what it has while the file is of no use or names another server", async () => {
    const path = write();
    const { connection } = loadCluster(config(path), "/");
    const contents = (parts: Parts): void => writeFileSync(path, readFileSync(write(parts)));
    const token = async () => {
      connection.forget();
      return (await connection.credentials()).headers;
    };
    contents({ user: { token: "renewed" } });
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer secret-token" });
    expect(await token()).toEqual({ authorization: "Bearer renewed" });
    for (const useless of ["{", "clusters: []"]) {
      writeFileSync(path, useless);
      expect(await token()).toEqual({ authorization: "Bearer renewed" });
    }
    contents({ cluster: { server: "https://10.0.0.66:6443" }, user: { token: "for another server" } });
    expect(await token()).toEqual({ authorization: "Bearer renewed" });
    contents({ user: { token: null, exec: { command: "never-allowed" } } });
    expect(await token()).toEqual({ authorization: "Bearer renewed" });
    contents({ user: { token: "again" } });
    expect(await token()).toEqual({ authorization: "Bearer again" });
  });

  it("takes a client certificate, a user name and password, and impersonation", async () => {
    const certificate = loadCluster(config(write({ user: { token: null, "client-certificate-data": base64(pem.cert), "client-key-data": base64(pem.private), as: "viewer", "as-groups": ["a", "b"] } })), "/");
    const given = await certificate.connection.credentials();
    expect(given.headers).toEqual({ "impersonate-user": "viewer", "impersonate-group": ["a", "b"] });
    expect(given.tls.key?.toString()).toBe(pem.private);
    const basic = loadCluster(config(write({ user: { token: null, username: "ann", password: "pw" } })), "/");
    expect((await basic.connection.credentials()).headers).toEqual({ authorization: `Basic ${base64("ann:pw")}` });
  });

  it("minds only the context that is used", () => {
    const path = write({ file: { users: [{ name: "vigie", user: { token: "t" } }, { name: "other", user: { exec: { command: "aws" } } }] } });
    expect(loadCluster(config(path), "/").context).toBe("prod");
  });
});

describe("a kubeconfig that does not work", () => {
  it.each<[string, () => [string, Partial<ClusterConfig>?], RegExp]>([
    ["is missing", () => [join(folder, "nowhere")], /The kubeconfig .*nowhere cannot be read: it does not exist\. Check cluster\.kubeconfig/],
    ["is a folder", () => [folder], /cannot be read: it is a folder/],
    ["is not YAML", () => { writeFileSync(join(folder, "broken"), 'a: "secret-token\nb'); return [join(folder, "broken")]; }, /broken is not valid YAML/],
    ["is something else", () => { writeFileSync(join(folder, "list"), "[1]"); return [join(folder, "list")]; }, /list is not a kubeconfig/],
    ["has no such context", () => [write(), { context: "prd" }], /has no context "prd"\. It has: "prod", "staging"\./],
    ["has no current context", () => [write({ file: { "current-context": null } })], /has no current-context\. Name one of its contexts in cluster\.context: "prod", "staging"/],
    ["refers to a missing cluster", () => [write({ context: { cluster: "gone" } })], /the context "prod" refers to the cluster "gone", which is not there\. It has: "oracle"/],
    ["refers to a missing user", () => [write({ context: { user: "gone" } })], /refers to the user "gone", which is not there\. It has: "vigie"/],
    ["has a wrong type", () => [write({ cluster: { server: 7 } })], /the cluster "oracle" is not right: server: /],
    ["has a server that is no URL", () => [write({ cluster: { server: "10.0.0.1" } })], /the server "10\.0\.0\.1" is not a URL/],
    ["speaks HTTP to another machine", () => [write({ cluster: { server: "http://10.0.0.1:8080" } })], /must be https/],
    ["goes through a proxy", () => [write({ cluster: { "proxy-url": "socks5://x" } })], /proxy-url is not supported/],
    ["names a CA file that is missing", () => [write({ cluster: { "certificate-authority-data": null, "certificate-authority": "ca.crt" } })], /the certificate authority .*ca\.crt cannot be read \(ENOENT\)/],
    ["has a CA that is no certificate", () => [write({ cluster: { "certificate-authority-data": base64("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n") } })], /the certificate authority cannot be used/],
    ["has a certificate without its key", () => [write({ user: { "client-certificate-data": base64(pem.cert) } })], /the client certificate has no key/],
    ["has a token that cannot be sent", () => [write({ user: { token: "a\nb" } })], /characters that cannot be sent/],
  ])("%s: says so", (_title, make, sentence) => {
    const [path, more] = make();
    const message = refusal(() => loadCluster(config(path, more), "/"));
    expect(message).toMatch(sentence);
    expect(message).not.toContain("secret-token");
  });

  it("runs no plug-in unless it is allowed by name", () => {
    const exec = write({ user: { token: null, exec: { command: "/usr/bin/oci", args: ["token"] } } });
    expect(refusal(() => loadCluster(config(exec), "/"))).toMatch(/The user "vigie" in .* gets its credentials from the exec plug-in "\/usr\/bin\/oci", which runs a program\. If you trust it, write allowPlugins: \["\/usr\/bin\/oci"\]/);
    expect(refusal(() => loadCluster(config(exec, { allowPlugins: ["oci"] }), "/"))).toMatch(/exec plug-in/);
    const provider = write({ user: { token: null, "auth-provider": { name: "gcp" } } });
    expect(refusal(() => loadCluster(config(provider), "/"))).toMatch(/the auth provider "gcp"/);
    expect(loadCluster(config(exec, { allowPlugins: ["/usr/bin/oci"] }), "/").context).toBe("prod");
  });

  it("asks an allowed plug-in for the token", async () => {
    const script = join(folder, "plugin.sh");
    writeFileSync(script, `#!/bin/sh\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'\n`);
    chmodSync(script, 0o755);
    const path = write({ user: { token: null, exec: { apiVersion: "client.authentication.k8s.io/v1", command: script } } });
    const { connection } = loadCluster(config(path, { allowPlugins: [script] }), "/");
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer from-plugin" });
    const failing = write({ user: { token: null, exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/false" } } });
    const broken = loadCluster(config(failing, { allowPlugins: ["/bin/false"] }), "/").connection;
    await expect(broken.credentials()).rejects.toThrow(/The credential plug-in "\/bin\/false" of the user "vigie" in .* failed/);
  });
});

describe("inside a pod", () => {
  it("takes the service account, and its token again when it was renewed", async () => {
    const account = join(folder, "serviceaccount");
    mkdirSync(account);
    writeFileSync(join(account, "ca.crt"), pem.cert);
    writeFileSync(join(account, "token"), "first\n");
    const connection = connectionInCluster({ KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" }, account);
    expect(connection.server.href).toBe("https://[fd00::1]/");
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer first" });
    writeFileSync(join(account, "token"), "second");
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer first" });
    connection.forget();
    expect((await connection.credentials()).headers).toEqual({ authorization: "Bearer second" });
  });

  it("says when this is no pod", () => {
    expect(refusal(() => connectionInCluster({}, folder))).toMatch(/does not run in a pod/);
    expect(refusal(() => connectionInCluster({ KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" }, join(folder, "nothing")))).toMatch(/the service account's token .* cannot be read/);
  });
});

describe("the clusters of a configuration", () => {
  const policy = environmentConfigSchema.shape.policy.parse({});

  it("are made once each, whatever the path they are named by", () => {
    const path = write();
    symlinkSync(path, join(folder, "link"));
    const environment = (name: string, kubeconfig: string, context?: string) => ({ name, namespace: name, policy, cluster: config(kubeconfig, { context }) });
    const clusters = createClusters({ environments: [environment("dev", path), environment("staging", join(folder, "link"), "prod"), environment("prod", path, "staging")] }, "/", silent);
    expect(clusters.forEnvironment("dev")).toBe(clusters.forEnvironment("staging"));
    expect(clusters.forEnvironment("prod")).not.toBe(clusters.forEnvironment("dev"));
    expect(clusters.all().map((api) => api.name)).toEqual(["prod", "staging"]);
    expect(() => clusters.forEnvironment("qa")).toThrow('There is no environment "qa" in the configuration.');
    clusters.close();
  });

  it("name the environment whose cluster is wrong", () => {
    expect(refusal(() => createClusters({ environments: [{ name: "prod", namespace: "p", policy, cluster: config("/nowhere") }] }, "/", silent))).toMatch(/^environments\[0\] \(prod\): The kubeconfig \/nowhere/);
  });

  it("have short names that are never the same", () => {
    const names = shortNames([
      { key: "1", context: "default", file: "/etc/k3s-dev.yaml" },
      { key: "2", context: "default", file: "/etc/k3s-prod.kubeconfig" },
      { key: "3", context: "default", file: "/other/k3s-prod.yaml" },
      { key: "4", context: "arn:aws:eks/prod cluster", file: "/a" },
      { key: "5", context: "in-cluster", file: null },
      { key: "6", context: "in-cluster", file: "/b" },
    ]);
    expect([...names.values()]).toEqual(["default@k3s-dev", "default@k3s-prod", "default@k3s-prod-2", "arn:aws:eks-prod-cluster", "in-cluster", "in-cluster@b"]);
  });
});
