import type { ApiServerFaultState, BigPodView, ConsoleControl, ConsoleFaults, ConsolePrometheus, EnvironmentView, PrometheusFaultState, WorldView } from "#sandbox/console/ports.ts";

/** A world of plain values for the console's own tests: every action changes what `view` shows next. */
export function memoryWorld(): { control: ConsoleControl; faults: ConsoleFaults; prometheus: ConsolePrometheus; calls: string[] } {
  const calls: string[] = [];
  const nodes = [{ name: "ampere-1", architecture: "arm64", ready: true }];
  const states = new Map<string, "backoff" | "fatal">();
  const images = new Map<string, string[]>([
    ["core", ["ghcr.io/dreamscape-ai/nginx:1.27.2", "ghcr.io/dreamscape-ai/auth-service:v1.5.2", "ghcr.io/dreamscape-ai/user-service:v1.5.1"]],
    ["experience", ["ghcr.io/dreamscape-ai/experience-pod:v2.3.0"]],
  ]);
  const processes: Record<string, string[]> = { core: ["nginx", "auth-service"], experience: ["voyage", "panorama"] };
  const well: ApiServerFaultState = {
    errorRate: 0, failNext: 0, failPaths: [], failStatus: 500, retryAfterSeconds: 1, loseNextReplies: 0, latencyMs: 0, silentWatches: false, forbid: [],
    failListOnPage: null, unsupportedGroups: [], down: false, expiredTokens: [], expiredWatch: "event",
  };
  let api = well;
  let prometheus: PrometheusFaultState = { down: false, unavailable: false, latencyMs: 0, nan: false, warning: false };
  let faults: WorldView["faults"] = [];
  const fullQuotas = new Set<string>();

  function bigPod(environment: string, name: string): BigPodView {
    const views = (processes[name] ?? []).map((process) => {
      const state = states.get(`${environment}/${name}/${process}`);
      return { name: process, state: state ?? "running", ok: state === undefined };
    });
    const crashing = views.filter((process) => process.state === "fatal").map((process) => process.name);
    const pod = { name: `${name}-7d9f-x2`, node: "ampere-1", status: "Running", ready: true, restarts: 2, processes: views };
    return { name, images: images.get(name) ?? [], replicas: 2, readyReplicas: 2, pods: [pod], crashing };
  }

  const environments = (): EnvironmentView[] => ["dev", "prod", "staging"].map((name) => ({ name, namespace: `dreamscape-${name}`, bigPods: ["core", "experience"].map((big) => bigPod(name, big)), quotaFull: fullQuotas.has(name) }));
  const key = ({ environment, bigPod: big, process }: { environment: string; bigPod: string; process: string }) => `${environment}/${big}/${process}`;

  return {
    calls,
    control: {
      view: () => ({ environments: environments(), nodes, faults }),
      crash: (target, lasting) => void states.set(key(target), lasting ? "fatal" : "backoff"),
      heal: (target) => void states.delete(key(target)),
      breakBigPod: ({ environment, bigPod: big }, behaviour) => void (faults = [{ namespace: `dreamscape-${environment}`, bigPod: big, behaviour }]),
      mend: () => void (faults = []),
      setCpuLoad: ({ environment, bigPod: big }, ratio) => void calls.push(`load ${environment} ${big} ${ratio ?? "ordinary"}`),
      fillCapacity: () => void calls.push("fill nodes"),
      setQuotaFull: (environment, full) => void (full ? fullQuotas.add(environment) : fullQuotas.delete(environment)),
      deploy: (environment, big, references) => void calls.push(`deploy ${environment} ${big} ${references.join(" ")}`),
      setNodeDown: (node, down) => void nodes.splice(0, 1, { name: node, architecture: "arm64", ready: !down }),
      putRight: () => {
        states.clear();
        fullQuotas.clear();
        faults = [];
        nodes.splice(0, 1, { name: "ampere-1", architecture: "arm64", ready: true });
      },
    },
    prometheus: {
      url: "http://127.0.0.1:9090",
      faults: () => prometheus,
      setFaults: async (change) => void (prometheus = { ...prometheus, ...change }),
    },
    faults: {
      state: () => api,
      clear: () => void (api = well),
      set: (change) => void (api = { ...api, ...change }),
      dropWatches: () => void calls.push("drop watches"),
      expireHistory: () => void calls.push("expire history"),
    },
  };
}
