/** The sandbox's one truth about images: the registry serves them, the kubelet runs them, the console adds to them. */

/** What a container does once it is pulled. `exits`: exits 1 soon after each start. `process-fatal`: the container stays Running and Ready while one supervised process goes FATAL. `needs-setting`: exits at start where the variable is not in its environment, is healthy where it is. `degraded`: runs and is ready, but answers badly. */
export type Behaviour =
  | { kind: "healthy" }
  | { kind: "exits"; exitCode: number; lastLine: string }
  | { kind: "out-of-memory"; process?: string }
  | { kind: "slow"; readyAfterSeconds: number }
  | { kind: "process-fatal"; process: string; exitCode: number; lastLine: string }
  | { kind: "needs-setting"; variable: string; exitCode: number; lastLine: string }
  | Degraded;

/** What only metrics show, of one process or of all. */
export interface Degraded {
  kind: "degraded";
  process?: string;
  /** Share of requests answered 500: 0 to 1. */
  errorRatio?: number;
  /** How many times as long an answer takes. */
  latencyFactor?: number;
  /** Share of the container's memory limit in use. */
  memoryRatio?: number;
}

export interface ImageBuild {
  /** Without tag or digest: "ghcr.io/dreamscape-ai/experience-pod". */
  repository: string;
  tag: string;
  /** Digest of the multi-arch index as the registry serves it: "sha256:…" of those very bytes. */
  digest: string;
  platforms: readonly ("linux/arm64" | "linux/amd64")[];
  /** Full commit id, as in the label org.opencontainers.image.revision. */
  revision: string;
  /** Source repository, as in org.opencontainers.image.source. */
  source: string;
  createdAt: string;
  behaviour: Behaviour;
  /** False: known by name only; every pull answers "manifest unknown". */
  inRegistry: boolean;
}

export interface ImageCatalogue {
  /** Accepts repo:tag, repo@sha256:…, repo:tag@sha256:… (the digest decides). */
  resolve(reference: string): ImageBuild | undefined;
  all(): readonly ImageBuild[];
  /** Computes the digest from the manifests it will serve. Adding the same repository and tag again moves the tag, the old digest stays. */
  add(build: Omit<ImageBuild, "digest">): ImageBuild;
  /** Registry answers 503 and pulls fail while true. */
  registryDown: boolean;
}
