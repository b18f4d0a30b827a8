import type { Operation, PlanTarget } from "#lib/contracts/operation.ts";
import { epochAnnotation, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import type { ClusterApi, ClusterObject } from "#lib/ports/cluster.ts";
import { sameTemplate } from "#lib/domain/template-diff.ts";

/** Every version the API server ever had of the workloads of a namespace, in its own order: a watch hides none. */
export interface History {
  /** Versions so far, by workload. */
  versions(workload: string): readonly ClusterObject[];
  /** Forgets all but the newest version of each, which is where the next run starts. */
  turnPage(): void;
  /** Resolves once the history holds this version. */
  caughtUp(workload: string, resourceVersion: string): Promise<void>;
  stop(): void;
}

export async function recordHistory(api: ClusterApi, namespace: string): Promise<History> {
  const stopping = new AbortController();
  const versions = new Map<string, ClusterObject[]>();
  const waiting = new Set<() => void>();
  const keep = (object: ClusterObject): void => {
    const known = versions.get(object.metadata.name) ?? [];
    if (known.at(-1)?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    versions.set(object.metadata.name, [...known, object]);
    for (const look of waiting) look();
  };
  const list = await api.list(kinds.deployments, { namespace });
  list.items.forEach(keep);
  let from = list.resourceVersion;
  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        for await (const event of api.watch(kinds.deployments, { namespace, resourceVersion: from, timeoutSeconds: 300 }, stopping.signal)) {
          from = event.type === "BOOKMARK" ? event.resourceVersion : event.object.metadata.resourceVersion;
          if (event.type !== "BOOKMARK") keep(event.object);
        }
      } catch (error) {
        // From the version it had: nothing in between is lost while the server remembers it. When it does not, versions are missing, and caughtUp never resolves.
        if (!stopping.signal.aborted && !(error instanceof Error)) throw error;
      }
    }
  };
  void follow();
  return {
    versions: (workload) => versions.get(workload) ?? [],
    turnPage() {
      for (const [name, known] of versions) versions.set(name, known.slice(-1));
    },
    async caughtUp(workload, resourceVersion) {
      const has = (): boolean => (versions.get(workload) ?? []).some((object) => object.metadata.resourceVersion === resourceVersion);
      if (has()) return;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`the history never got version ${resourceVersion} of ${workload}`)), 10_000);
        const look = (): void => {
          if (!has()) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    stop: () => stopping.abort(),
  };
}

interface Spec {
  template: Record<string, unknown>;
  replicas: number;
}

/**
 * What the history of one operation shows that must not be. Empty: every change of a spec carries the operation, nothing was written twice, no late epoch wrote,
 * and all Big Pods ended on the same side: as wanted when it succeeded, else as before.
 */
export function violations(history: History, operation: Operation, targets: readonly PlanTarget[], untouched: readonly string[]): string[] {
  const found: string[] = [];
  for (const target of targets) {
    let newest = 0n;
    const versions = history.versions(target.workload.name);
    const specs = versions.map((object) => object.spec as Spec); // Deployments as the API server sent them
    // As it was when the operation was asked for: the target's own record may be empty until the first step has looked.
    const origin = specs[0]?.template ?? {};
    let forward = 0;
    let back = 0;
    for (const [index, object] of versions.entries()) {
      const epoch = object.metadata.annotations?.[operationAnnotation] === operation.id ? BigInt(object.metadata.annotations[epochAnnotation] ?? "0") : null;
      const [now, before] = [specs[index], specs[index - 1]];
      if (index === 0 || now === undefined || before === undefined) continue;
      if (sameTemplate(now.template, before.template) && now.replicas === before.replicas) continue;
      if (epoch === null) found.push(`${target.bigPod}: generation ${object.metadata.generation ?? 0} was written without this operation's mark`);
      else if (epoch < newest) found.push(`${target.bigPod}: epoch ${epoch} wrote after epoch ${newest}`);
      else newest = epoch;
      if (isWanted(target, now)) forward += 1;
      else if (sameTemplate(now.template, origin)) back += 1;
      else found.push(`${target.bigPod}: generation ${object.metadata.generation ?? 0} is neither as before nor as wanted`);
    }
    if (forward > 1) found.push(`${target.bigPod} was changed ${forward} times`);
    if (back > 1) found.push(`${target.bigPod} was given back ${back} times`);
    const last = specs.at(-1);
    const arrived = last !== undefined && isWanted(target, last);
    const asBefore = last !== undefined && sameTemplate(last.template, origin);
    if (operation.status === "succeeded" ? !arrived : !asBefore) found.push(`${target.bigPod} is ${arrived ? "as wanted" : asBefore ? "as before" : "neither"}, but the operation is ${operation.status}`);
  }
  for (const workload of untouched) {
    const specs = history.versions(workload).map((object) => object.spec as Spec); // as above
    if (specs.some((spec, index) => index > 0 && !sameTemplate(spec.template, specs[index - 1]?.template ?? {}))) found.push(`${workload} is not in the plan, but was changed`);
  }
  return found;
}

function isWanted(target: PlanTarget, spec: Spec): boolean {
  const { write } = target;
  if (write.effect === "restore") return sameTemplate(spec.template, write.template);
  if (write.effect !== "images") return false;
  const containers = (spec.template as { spec?: { containers?: { name: string; image: string }[] } }).spec?.containers ?? []; // a pod template
  return Object.entries(write.images).every(([name, image]) => containers.some((container) => container.name === name && container.image === image));
}
