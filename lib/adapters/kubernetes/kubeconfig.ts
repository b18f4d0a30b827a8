import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { VigieError } from "#lib/domain/error.ts";

/**
 * Reads one context of a kubeconfig file. The file's shape: kubernetes.io, "kubeconfig (v1)".
 * Only the chosen context, cluster and user are checked, so that a mistake elsewhere in a shared file harms nobody.
 */

const entries = z.array(z.looseObject({ name: z.string() })).nullish().transform((list) => list ?? []);
const fileSchema = z.looseObject({ clusters: entries, users: entries, contexts: entries, "current-context": z.string().nullish() });

const contextSchema = z.looseObject({ cluster: z.string().min(1), user: z.string().nullish(), namespace: z.string().nullish() });

const clusterSchema = z.looseObject({
  server: z.string().min(1),
  "certificate-authority": z.string().nullish(),
  "certificate-authority-data": z.string().nullish(),
  "insecure-skip-tls-verify": z.boolean().nullish(),
  "tls-server-name": z.string().nullish(),
  "proxy-url": z.string().nullish(),
});

const userSchema = z.looseObject({
  token: z.string().nullish(),
  tokenFile: z.string().nullish(),
  "client-certificate": z.string().nullish(),
  "client-certificate-data": z.string().nullish(),
  "client-key": z.string().nullish(),
  "client-key-data": z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  as: z.string().nullish(),
  "as-groups": z.array(z.string()).nullish(),
  exec: z.looseObject({ command: z.string().min(1) }).nullish(),
  "auth-provider": z.looseObject({ name: z.string().min(1) }).nullish(),
});

export interface KubeconfigContext {
  file: string;
  context: string;
  clusterName: string;
  userName: string | null;
  cluster: z.infer<typeof clusterSchema>;
  user: z.infer<typeof userSchema>;
  /** Folder that relative paths in the file are relative to. */
  directory: string;
}

function invalid(message: string, cause?: unknown): VigieError {
  return new VigieError("invalid", message, { cause });
}

/** "client-key: expected string": where and what, never the value, which may be a secret. */
function mistakes(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`).join("; ");
}

/** Lists names for a sentence: `"a", "b"`, or "none". */
export function quotedNames(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => JSON.stringify(name)).join(", ");
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "it does not exist" : code === "EACCES" ? "this user may not read it" : code === "EISDIR" ? "it is a folder" : (code ?? "unknown error");
    throw invalid(`The kubeconfig ${file} cannot be read: ${why}. Check cluster.kubeconfig in the configuration.`, cause);
  }
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text, { prettyErrors: false });
  } catch (cause) {
    // The parser's own message may quote the line it stumbled over, and that line may be a key.
    const at = cause instanceof YAMLParseError ? ` (near character ${cause.pos[0]})` : "";
    throw invalid(`The kubeconfig ${file} is not valid YAML${at}.`);
  }
}

/**
 * @param path kubeconfig file, relative to baseDir
 * @param contextName its current context when undefined
 * @throws VigieError "invalid" with a sentence that names the file and what to do
 */
export function readKubeconfig(path: string, contextName: string | undefined, baseDir: string): KubeconfigContext {
  const file = resolve(baseDir, path);
  const parsed = fileSchema.safeParse(parseYaml(file, readText(file)));
  if (!parsed.success) throw invalid(`${file} is not a kubeconfig: ${mistakes(parsed.error)}.`);
  const { clusters, users, contexts } = parsed.data;
  const known = quotedNames(contexts.map((entry) => entry.name));

  const name = contextName ?? parsed.data["current-context"];
  if (name === undefined || name === null || name === "") {
    throw invalid(`The kubeconfig ${file} has no current-context. Name one of its contexts in cluster.context: ${known}.`);
  }
  const context = contexts.find((entry) => entry.name === name);
  if (context === undefined) throw invalid(`The kubeconfig ${file} has no context ${JSON.stringify(name)}. It has: ${known}.`);

  const body = section(contextSchema, context["context"], file, `context ${JSON.stringify(name)}`);
  const cluster = clusters.find((entry) => entry.name === body.cluster);
  if (cluster === undefined) {
    throw invalid(`In ${file} the context ${JSON.stringify(name)} refers to the cluster ${JSON.stringify(body.cluster)}, which is not there. It has: ${quotedNames(clusters.map((c) => c.name))}.`);
  }
  const userName = body.user || null;
  const user = userName === null ? undefined : users.find((entry) => entry.name === userName);
  if (userName !== null && user === undefined) {
    throw invalid(`In ${file} the context ${JSON.stringify(name)} refers to the user ${JSON.stringify(userName)}, which is not there. It has: ${quotedNames(users.map((u) => u.name))}.`);
  }
  return {
    file,
    context: name,
    clusterName: cluster.name,
    userName,
    cluster: section(clusterSchema, cluster["cluster"], file, `cluster ${JSON.stringify(cluster.name)}`),
    user: section(userSchema, user?.["user"] ?? {}, file, `user ${JSON.stringify(userName)}`),
    directory: dirname(file),
  };
}

function section<T extends z.ZodType>(schema: T, value: unknown, file: string, title: string): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(`In ${file} the ${title} is not right: ${mistakes(parsed.error)}.`);
  return parsed.data;
}

/**
 * Credential plug-ins run programs, so each one has to be allowed by name.
 * @throws VigieError "invalid" that names the file, the user and the line to write
 */
export function refusePlugins(kubeconfig: KubeconfigContext, allowed: readonly string[]): void {
  const { exec, "auth-provider": provider } = kubeconfig.user;
  const plugins = [
    ...(exec ? [{ name: exec.command, what: `the exec plug-in ${JSON.stringify(exec.command)}` }] : []),
    ...(provider ? [{ name: provider.name, what: `the auth provider ${JSON.stringify(provider.name)}` }] : []),
  ];
  for (const plugin of plugins) {
    if (allowed.includes(plugin.name)) continue;
    throw invalid(
      `The user ${JSON.stringify(kubeconfig.userName)} in ${kubeconfig.file} gets its credentials from ${plugin.what}, which runs a program. ` +
        `If you trust it, write allowPlugins: [${JSON.stringify(plugin.name)}] beside cluster.kubeconfig; otherwise give this user a token or a client certificate.`,
    );
  }
}
