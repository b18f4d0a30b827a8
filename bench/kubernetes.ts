import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { RequestOptions } from "node:https";
import { createInterface } from "node:readline";
import { parse } from "yaml";
import { z } from "zod";
import type { Scope } from "#bench/scope.ts";

const encoded = z.string().transform((text) => Buffer.from(text, "base64"));
const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.string(), "certificate-authority-data": encoded }) })]),
  users: z.tuple([z.object({ user: z.object({ token: z.string().optional(), "client-certificate-data": encoded.optional(), "client-key-data": encoded.optional() }) })]),
});

export interface KubeClient {
  // oxlint-disable-next-line typescript/no-explicit-any -- objects of the API are looked into field by field
  get(path: string): Promise<any>;
  jsonPatch(path: string, operations: readonly unknown[]): Promise<void>;
  /** Follows a path with ?watch; `onObject` gets each object as soon as its line is parsed. Ends with the scope. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  watch(scope: Scope, path: string, onObject: (object: any) => void): void;
}

/** The plainest client of the Kubernetes API: what it takes is the floor for whoever looks at the API. Reads a kubeconfig with one cluster and one user. */
export function kubeClient(kubeconfig: string): KubeClient {
  const config = kubeconfigSchema.parse(parse(readFileSync(kubeconfig, "utf8")));
  const { server, "certificate-authority-data": ca } = config.clusters[0].cluster;
  const { token, "client-certificate-data": cert, "client-key-data": key } = config.users[0].user;
  const agent = new Agent({ keepAlive: true, ca, cert, key });
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };

  function call(path: string, options: RequestOptions, body?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request(`${server}${path}`, { agent, ...options, headers: { accept: "application/json", ...authorization, ...options.headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode !== undefined && response.statusCode < 300) resolve(text);
          else reject(new Error(`${options.method ?? "GET"} ${path}: ${response.statusCode} ${text.slice(0, 500)}`));
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  return {
    get: async (path) => JSON.parse(await call(path, {})),
    async jsonPatch(path, operations) {
      await call(path, { method: "PATCH", headers: { "content-type": "application/json-patch+json" } }, JSON.stringify(operations));
    },
    watch(scope, path, onObject) {
      const sent = request(`${server}${path}`, { agent, headers: { accept: "application/json", ...authorization } }, (response) => {
        const lines = createInterface({ input: response });
        lines.on("line", (line) => onObject(JSON.parse(line).object));
        // A watch that ends shows as changes that were not seen.
        lines.on("error", () => undefined);
      });
      sent.on("error", () => undefined);
      sent.end();
      scope.add(() => {
        sent.destroy();
        agent.destroy();
      });
    },
  };
}

export const kubectlProgram = process.env.VIGIE_KUBECTL ?? "kubectl";

/** Runs kubectl and returns its output; rejects with its own words. */
export function kubectl(kubeconfig: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(kubectlProgram, args, { env: { ...process.env, KUBECONFIG: kubeconfig }, timeout: 120_000 }, (failure, output, words) => (failure === null ? resolve(output) : reject(new Error(`kubectl ${args.join(" ")}: ${words.trim() || failure.message}`))));
  });
}

export async function hasKubectl(): Promise<boolean> {
  return kubectl("", "version", "--client").then(() => true, () => false);
}
