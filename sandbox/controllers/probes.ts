import type { Clock } from "#sandbox/controllers/clock.ts";
import { portNumber, type Container, type Probe } from "#sandbox/controllers/pod-shape.ts";
import type { ContainerHost } from "#sandbox/world/container-host.ts";

/** Undefined: the probe succeeded; else the kubelet's words for its failure. Commands always succeed: nothing here can run them. */
export function runProbe(host: ContainerHost, podUid: string, podIP: string, container: Container, probe: Probe): string | undefined {
  const target = probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port;
  if (target === undefined) return undefined;
  const port = portNumber(container, target);
  if (port === undefined) return `strconv.Atoi: parsing "${target}": invalid syntax`;
  const path = probe.httpGet?.path ?? "/";
  const answer = host.probe(podUid, port, path);
  if (answer === "refused") {
    const refused = `dial tcp ${podIP}:${port}: connect: connection refused`;
    return probe.httpGet ? `Get "http://${podIP}:${port}${path}": ${refused}` : refused;
  }
  if (!probe.httpGet || (answer.status >= 200 && answer.status < 400)) return undefined;
  return `HTTP probe failed with statuscode: ${answer.status}`;
}

export interface ProbeLoop {
  clock: Clock;
  probe: Probe;
  attempt: () => string | undefined;
  /** After each attempt that fails, with the words. */
  onFailure: (words: string) => void;
  /** When the threshold of successes or failures is reached. */
  onVerdict: (healthy: boolean) => void;
}

/** Repeats a probe by its own rules (initialDelaySeconds, periodSeconds, thresholds). Returns the function that ends it. */
export function startProbe({ clock, probe, attempt, onFailure, onVerdict }: ProbeLoop): () => void {
  let successes = 0;
  let failures = 0;
  let ended = false;
  let cancel = clock.after(Math.max(200, (probe.initialDelaySeconds ?? 0) * 1000), tick);

  function tick(): void {
    const words = attempt();
    if (words === undefined) {
      successes += 1;
      failures = 0;
      if (successes === (probe.successThreshold ?? 1)) onVerdict(true);
    } else {
      failures += 1;
      successes = 0;
      onFailure(words);
      if (!ended && failures === (probe.failureThreshold ?? 3)) onVerdict(false);
    }
    if (!ended) cancel = clock.after((probe.periodSeconds ?? 10) * 1000, tick);
  }

  return () => {
    ended = true;
    cancel();
  };
}
