import type { ClusterApi, PodPost } from "#lib/ports/cluster.ts";
import { lineRedactor } from "#lib/domain/redact.ts";
import { firstOf } from "#lib/adapters/egress/first-of.ts";
import { failureOfReply, parseStatus, plainWords } from "#lib/adapters/kubernetes/failure.ts";
import { splitLines } from "#lib/adapters/kubernetes/lines.ts";
import { innerPath, query, segment } from "#lib/adapters/kubernetes/paths.ts";
import type { Transport } from "#lib/adapters/kubernetes/transport.ts";

const maxLogLineBytes = 16 * 1024;
const maxHealthBytes = 1024 * 1024;

/** What is asked of pods and Services through the API server: their HTTP endpoints, and logs. */
export function createPodApi(cluster: string, address: string, transport: Transport): Pick<ClusterApi, "podHttp" | "serviceHttp" | "podLog"> {
  async function proxied(kind: "pod" | "service", namespace: string, name: string, port: number, path: string, timeoutMs: number, signal: AbortSignal | undefined, post?: PodPost): Promise<{ status: number; body: string }> {
    const what = `reach port ${port} of ${kind} ${name} in ${namespace}`;
    const mark = path.indexOf("?");
    const [pathname, search] = mark === -1 ? [path, ""] : [path.slice(0, mark), path.slice(mark)];
    const url = `/api/v1/namespaces/${segment(namespace)}/${kind}s/${segment(`${name}:${port}`)}/proxy/${innerPath(pathname)}${search}`;
    // The time limit covers the body too: a health answer that trickles is no answer.
    const { signal: ending, release } = firstOf([signal, AbortSignal.timeout(timeoutMs)]);
    const reply = await transport.call({ ...(post === undefined ? { method: "GET" as const } : { method: "POST" as const, ...post }), pool: "pods", path: url, what, accept: "application/health+json, application/json, */*", timeoutMs, maxBytes: maxHealthBytes, signal: ending }).finally(release);
    const words = refusedInside(reply.status, reply.body);
    if (words !== null) return { status: 0, body: words };
    if (parseStatus(reply.body) !== null || isProxyTrouble(reply.status, reply.body)) {
      throw failureOfReply({ cluster, address, what, write: false }, { status: reply.status, retryAfter: reply.headers["retry-after"], body: reply.body }, Date.now());
    }
    return { status: reply.status, body: reply.body };
  }

  return {
    podHttp: (namespace, pod, port, path, timeoutMs, signal, post) => proxied("pod", namespace, pod, port, path, timeoutMs, signal, post),
    serviceHttp: (namespace, service, port, path, timeoutMs, signal) => proxied("service", namespace, service, port, path, timeoutMs, signal),

    async *podLog(namespace, pod, { container, follow, previous, tailLines, timestamps }, signal) {
      const what = `read the log of ${container} in pod ${pod} in ${namespace}`;
      const path = `/api/v1/namespaces/${segment(namespace)}/pods/${segment(pod)}/log${query({ container, follow, previous, tailLines, timestamps })}`;
      // Here, so that neither page nor evidence nor cause can have a line as it was.
      const shown = lineRedactor();
      try {
        const bytes = await transport.stream({ method: "GET", path, what, accept: "*/*", signal });
        for await (const line of splitLines(bytes, { maxBytes: maxLogLineBytes, onTooLong: "cut" })) {
          // One chunk holds many lines: those that came before the signal are not wanted after it.
          if (signal.aborted) return;
          yield shown(line);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** The API server tried the pod and was refused. Older servers say so in plain text, newer ones in a Status. */
function refusedInside(status: number, body: string): string | null {
  if (status !== 500 && status !== 502 && status !== 503) return null;
  const words = parseStatus(body)?.message ?? body;
  return isProxyWords(words) && /connection refused/i.test(words) ? plainWords(words) : null;
}

/** Plain-text replies of the proxy itself rather than of the pod. */
function isProxyTrouble(status: number, body: string): boolean {
  if (status !== 500 && status !== 502 && status !== 503 && status !== 504) return false;
  return isProxyWords(body);
}

function isProxyWords(words: string): boolean {
  return /trying to reach|error dialing backend|unable to proxy|^dial tcp/i.test(words);
}
