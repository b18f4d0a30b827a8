/** What the console needs of the world and of the API server, and no more. */

export interface ProcessView {
  name: string;
  /** One word as the supervisor or kubelet says it: "running", "backoff", "fatal", … */
  state: string;
  ok: boolean;
}

export interface PodView {
  name: string;
  node: string;
  /** As kubectl's STATUS column: "Running", "CrashLoopBackOff", "ImagePullBackOff", … */
  status: string;
  ready: boolean;
  restarts: number;
  processes: readonly ProcessView[];
}

export interface BigPodView {
  name: string;
  /** Image references as the workload's template has them. */
  images: readonly string[];
  replicas: number;
  readyReplicas: number;
  pods: readonly PodView[];
  /** Processes that a fault of ours keeps crashing. */
  crashing: readonly string[];
}

export interface EnvironmentView {
  name: string;
  namespace: string;
  bigPods: readonly BigPodView[];
  /** Under a quota of ours that leaves no room for another pod. */
  quotaFull: boolean;
}

export interface NodeView {
  name: string;
  architecture: string;
  ready: boolean;
}

/** How a Big Pod as a whole misbehaves: pods made later do so too. */
export type BigPodFault = { kind: "healthy" } | { kind: "exits"; exitCode: number; lastLine: string } | { kind: "out-of-memory"; process?: string } | { kind: "slow"; readyAfterSeconds: number } | { kind: "process-fatal"; process: string; exitCode: number; lastLine: string } | { kind: "needs-setting"; variable: string; exitCode: number; lastLine: string } | { kind: "degraded"; process?: string; errorRatio?: number; latencyFactor?: number; memoryRatio?: number };

export interface WorldView {
  environments: readonly EnvironmentView[];
  nodes: readonly NodeView[];
  faults: readonly { namespace: string; bigPod: string; behaviour: BigPodFault }[];
}

export interface BigPodTarget {
  environment: string;
  bigPod: string;
}

export interface ProcessTarget extends BigPodTarget {
  process: string;
}

/** The hands that break and mend the world. A target that does not exist throws an Error with the code "not-found" or "invalid". */
export interface ConsoleControl {
  view(): WorldView;
  /** Ends the process in every pod of the Big Pod: once (its supervisor starts it again) or, `lasting`, at each start. */
  crash(target: ProcessTarget, lasting: boolean): void;
  heal(target: ProcessTarget): void;
  breakBigPod(target: BigPodTarget, fault: BigPodFault): void;
  mend(target: BigPodTarget): void;
  /** Share of the requested processor time in use (1.5 is 150 %); undefined: ordinary. */
  setCpuLoad(target: BigPodTarget, ratio: number | undefined): void;
  /** Sets the images whose repositories the workload already uses, as a pipeline would (`kubectl set image`). */
  deploy(environment: string, bigPod: string, images: readonly string[]): void;
  setNodeDown(node: string, down: boolean): void;
  /** Reserves nearly all memory of every node, so that new pods do not fit. */
  fillCapacity(): void;
  /** A quota on the environment that what runs there uses up, or (`full` false) its end. */
  setQuotaFull(environment: string, full: boolean): void;
  /** Ends every fault of the world and takes back what was deployed from here. */
  putRight(): void;
}

/** Switchable troubles of the Kubernetes API. */
export interface ApiServerFaultState {
  /** Share of requests that fail: 0 to 1. */
  errorRate: number;
  failNext: number;
  failPaths: string[];
  failStatus: number;
  retryAfterSeconds: number;
  loseNextReplies: number;
  latencyMs: number;
  /** Watches stay open and say nothing, not even bookmarks. */
  silentWatches: boolean;
  /** Resources ("pods", "deployments.apps") answered 403. */
  forbid: { resource: string; namespace?: string }[];
  failListOnPage: number | null;
  /** API groups ("autoscaling") answered 404. */
  unsupportedGroups: string[];
  down: boolean;
  expiredTokens: string[];
  expiredWatch: "event" | "status";
}

export interface ConsoleFaults {
  state(): ApiServerFaultState;
  set(change: Partial<ApiServerFaultState>): unknown;
  clear(): unknown;
  /** Ends the connection of every open watch. */
  dropWatches(): void;
  /** Forgets old resource versions: watches from them are answered 410. */
  expireHistory(): void;
}

/** Switchable troubles of Prometheus. */
export interface PrometheusFaultState {
  /** Stopped: connections are refused and nothing is scraped. */
  down: boolean;
  /** Answers 503. */
  unavailable: boolean;
  latencyMs: number;
  /** Every value of a query is NaN. */
  nan: boolean;
  /** Answers carry a warning and may be partial. */
  warning: boolean;
}

export interface ConsolePrometheus {
  url: string;
  faults(): PrometheusFaultState;
  setFaults(change: Partial<PrometheusFaultState>): Promise<void>;
}

/** A request the console refuses; the message is for the person who pressed the button. */
export class ConsoleError extends Error {
  readonly code: "invalid" | "not-found" | "denied";

  constructor(code: ConsoleError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
