import { readFileSync } from "node:fs";
import { request } from "node:https";
import { parse } from "yaml";

/** One request to the cluster as its administrator: what people do with kubectl, under any name of a field manager. */
export type KubeAdmin = (method: "GET" | "PATCH" | "POST" | "PUT" | "DELETE", path: string, body?: object) => Promise<unknown>;

interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { token: string } }[];
}

/** By a kubeconfig with a token, as the sandbox writes it. Answers that are not 2xx are thrown with the server's words. */
export function kubeAdmin(kubeconfig: string): KubeAdmin {
  // Safe: the sandbox's own file.
  const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as Kubeconfig;
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} names no cluster or no user`);
  const ca = Buffer.from(cluster["certificate-authority-data"], "base64");
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const type = method === "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
      const sent = request(new URL(path, cluster.server), { method, ca, headers: { authorization: `Bearer ${user.token}`, "content-type": type } }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => ((response.statusCode ?? 500) < 300 ? resolve(JSON.parse(text)) : reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 500)}`))));
      });
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
