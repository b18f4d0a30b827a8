import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { VigieError } from "#lib/domain/error.ts";
import { rememberSecret } from "#lib/domain/redact.ts";
import type { KubeconfigContext } from "#lib/adapters/kubernetes/kubeconfig.ts";
import { createPluginCredentials } from "#lib/adapters/kubernetes/plugin-credentials.ts";

export interface TlsMaterial {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
}

export interface Credentials {
  headers: Record<string, string | string[]>;
  /** Client certificate, where it comes from a plug-in or may be renewed on disk. */
  tls: TlsMaterial;
}

/** Where a cluster is and how to prove who we are. */
export interface ClusterConnection {
  server: URL;
  servername: string | undefined;
  verifyTls: boolean;
  /** Asked before every request; cheap when nothing has changed. */
  credentials(): Promise<Credentials>;
  /** The server said 401: whatever was kept is read again at the next request. */
  forget(): void;
}

/** Bound service account tokens are renewed by the kubelet long before they expire; reading again this often is enough. */
const rereadMs = 10_000;

export function parseServer(text: string, where: string, skipTlsVerify: boolean): URL {
  let server: URL;
  try {
    server = new URL(text);
  } catch (cause) {
    throw new VigieError("invalid", `${where}: the server ${JSON.stringify(text)} is not a URL such as https://10.0.0.1:6443.`, { cause });
  }
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(server.hostname);
  if (server.protocol !== "https:" && !(server.protocol === "http:" && (loopback || skipTlsVerify))) {
    throw new VigieError("invalid", `${where}: the server ${JSON.stringify(text)} must be https (http only on this machine, as for kubectl proxy).`);
  }
  if (server.username !== "" || server.password !== "") {
    throw new VigieError("invalid", `${where}: the server's URL holds a user name or password. Put credentials into the user's entry.`);
  }
  return server;
}

export function readFileOf(path: string, what: string, where: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new VigieError("invalid", `${where}: ${what} ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown error"}).`, { cause });
  }
}

/** Proves that certificate, key and CA are PEM and belong together, so that a mistake shows at the start and not as a handshake failure. */
export function checkTls(tls: TlsMaterial, where: string): void {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new VigieError("invalid", `${where}: the client ${tls.cert === undefined ? "key has no certificate" : "certificate has no key"}. Both are needed.`);
  }
  const checks: [string, () => void][] = [
    // A secure context takes any text for a CA and then trusts nobody; the parser does not.
    ["certificate authority", () => void (tls.ca === undefined || new X509Certificate(tls.ca))],
    ["client certificate and key", () => void createSecureContext({ cert: tls.cert, key: tls.key })],
  ];
  for (const [what, check] of checks) {
    try {
      check();
    } catch (cause) {
      throw new VigieError("invalid", `${where}: the ${what} cannot be used (${(cause as NodeJS.ErrnoException).code ?? "not PEM"}). It must be PEM, and data entries base64 of PEM.`, { cause });
    }
  }
}

/** Reads a value at most every rereadMs; a file that is gone for a moment (a rotation) keeps the last value. */
export function createRereader<T>(read: () => T): { get(): T; forget(): void } {
  let kept: { value: T; at: number } | null = null;
  let forgotten = false;
  return {
    get() {
      const now = performance.now();
      if (kept !== null && !forgotten && now - kept.at < rereadMs) return kept.value;
      try {
        kept = { value: read(), at: now };
        forgotten = false;
      } catch (error) {
        if (kept === null) throw error;
        kept.at = now;
      }
      return kept.value;
    },
    forget: () => void (forgotten = true),
  };
}

function materialOf(data: string | null | undefined, path: string | null | undefined, directory: string, what: string, where: string): Buffer | undefined {
  if (data) return Buffer.from(data, "base64");
  if (path) return readFileOf(resolve(directory, path), what, where);
  return undefined;
}

/**
 * The connection of a kubeconfig context. The kubeconfig and the files it names (CA, certificate, key, token) are read now, and again every
 * 10 s and after each refusal: renewed credentials count without a restart. Another server takes one; until then the old credentials are kept.
 * @param reread reads the same context of the file anew; throws while it cannot be used
 * @throws VigieError "invalid" with a sentence that names the file
 */
export function connectionOfKubeconfig(kubeconfig: KubeconfigContext, reread: () => KubeconfigContext): ClusterConnection {
  const { file, cluster, directory } = kubeconfig;
  const verifyTls = cluster["insecure-skip-tls-verify"] !== true;
  const where = `Kubeconfig ${file}, context ${JSON.stringify(kubeconfig.context)}`;
  if (cluster["proxy-url"]) {
    throw new VigieError("invalid", `${where}: proxy-url is not supported. Make the API server reachable without a proxy, or tunnel to it and name the tunnel's end as server.`);
  }
  const server = parseServer(cluster.server, where, !verifyTls);
  let plugin: ReturnType<typeof createPluginCredentials> | null = null;
  let first = true;
  const current = (): KubeconfigContext => {
    if (first) return kubeconfig;
    const now = reread();
    // Credentials for one server are never shown to another.
    if (now.cluster.server !== cluster.server) throw new VigieError("invalid", `${where}: the server is another one now. Restart Vigie to use it.`);
    return now;
  };

  const fromFiles = createRereader((): Credentials => {
    const { user, cluster: authority } = current();
    first = false;
    const headers: Record<string, string | string[]> = {};
    const ca = materialOf(authority["certificate-authority-data"], authority["certificate-authority"], directory, "the certificate authority", where);
    const token = user.token || (user.tokenFile ? readFileOf(resolve(directory, user.tokenFile), "the token file", where).toString("utf8").trim() : "");
    for (const secret of [token, user.password ?? "", user["client-key-data"] ?? ""]) rememberSecret(secret, `kubeconfig ${where}`);
    if (token) headers["authorization"] = `Bearer ${token}`;
    else if (user.username) headers["authorization"] = `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
    if (user.as) headers["impersonate-user"] = user.as;
    if (user.as && user["as-groups"]?.length) headers["impersonate-group"] = user["as-groups"];
    const cert = materialOf(user["client-certificate-data"], user["client-certificate"], directory, "the client certificate", where);
    const key = materialOf(user["client-key-data"], user["client-key"], directory, "the client key", where);
    checkTls({ ca, cert, key }, where);
    for (const value of Object.values(headers).flat()) {
      if (/[^\x20-\x7e]/.test(value)) throw new VigieError("invalid", `${where}: the user's token or name holds characters that cannot be sent in a header.`);
    }
    const plugged = Boolean(user.exec ?? user["auth-provider"]);
    if (!plugged) plugin = null;
    else plugin ??= createPluginCredentials(kubeconfig);
    return { headers, tls: { ca, cert, key } };
  });
  fromFiles.get();

  return {
    server,
    servername: cluster["tls-server-name"] ?? undefined,
    verifyTls,
    async credentials() {
      const own = fromFiles.get();
      if (plugin === null) return own;
      const given = await plugin();
      return { headers: { ...own.headers, ...given.headers }, tls: { ...own.tls, ...given.tls } };
    },
    forget() {
      // The client library reads the file once: a plug-in whose credentials were refused is set up anew from what the file says now.
      plugin = null;
      fromFiles.forget();
    },
  };
}

/** Where the kubelet puts a pod's credentials: kubernetes.io, "Accessing the Kubernetes API from a Pod". */
export const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The connection of the pod this process runs in. The token is read again every 10 s, since the kubelet renews it.
 * @throws VigieError "invalid" when this is not a pod
 */
export function connectionInCluster(environment: Readonly<Record<string, string | undefined>> = process.env, directory: string = serviceAccountDirectory): ClusterConnection {
  const where = "cluster.inCluster";
  const host = environment["KUBERNETES_SERVICE_HOST"];
  const port = environment["KUBERNETES_SERVICE_PORT"];
  if (!host || !port) {
    throw new VigieError("invalid", `${where}: this process does not run in a pod (KUBERNETES_SERVICE_HOST is not set). Name a kubeconfig instead.`);
  }
  const read = createRereader((): Credentials => {
    const token = readFileOf(`${directory}/token`, "the service account's token", where).toString("utf8").trim();
    rememberSecret(token, where);
    const ca = readFileOf(`${directory}/ca.crt`, "the cluster's certificate authority", where);
    checkTls({ ca }, where);
    return { headers: { authorization: `Bearer ${token}` }, tls: { ca } };
  });
  read.get();
  return {
    server: parseServer(`https://${host.includes(":") ? `[${host}]` : host}:${port}`, where, false),
    servername: undefined,
    verifyTls: true,
    credentials: async () => read.get(),
    forget: () => read.forget(),
  };
}
