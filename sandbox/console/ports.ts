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
  bigPods: readonly BigPodView[];
}

export interface NodeView {
  name: string;
  architecture: string;
  ready: boolean;
}

export interface WorldView {
  environments: readonly EnvironmentView[];
  nodes: readonly NodeView[];
}

export interface ProcessTarget {
  environment: string;
  bigPod: string;
  process: string;
}

export interface ConsoleControl {
  view(): WorldView;
  /** Ends the process in every pod of the Big Pod: once (its supervisor starts it again) or, `lasting`, at each start. */
  crash(target: ProcessTarget, lasting: boolean): void;
  heal(target: ProcessTarget): void;
  /** Sets the images whose repositories the workload already uses, as a pipeline would (`kubectl set image`). */
  deploy(environment: string, bigPod: string, images: readonly string[]): void;
  setNodeDown(node: string, down: boolean): void;
  /** Ends every fault and brings each workload back to the images it was seeded with or last promoted to. */
  putRight(): void;
}

export interface ApiServerFaultState {
  /** Share of requests answered 500: 0 to 1. */
  errorShare: number;
  latencyMs: number;
  /** Watches stay open and say nothing, not even bookmarks. */
  silentWatches: boolean;
  /** Resources ("pods", "deployments.apps") answered 403. */
  forbidden: readonly string[];
  /** API groups ("autoscaling") answered 404. */
  notServed: readonly string[];
  down: boolean;
}

export interface ConsoleFaults {
  state(): ApiServerFaultState;
  set(change: Partial<ApiServerFaultState>): void;
  /** Ends the connection of every open watch. */
  dropWatches(): void;
  /** Forgets old resource versions: watches from them are answered 410. */
  expireHistory(): void;
}

/** A request the console refuses; the message is for the person who pressed the button. */
export class ConsoleError extends Error {
  readonly code: "invalid" | "not-found" | "denied";

  constructor(code: ConsoleError["code"], message: string) {
    super(message);
    this.code = code;
  }
}
