import { describe, expect, it } from "vitest";
import { z } from "zod";
import { kinds, type ClusterApi, type ClusterObject, type ResourceKind } from "#lib/ports/cluster.ts";
import { drain, refusal, uniqueName, type ContractTarget, type PodTemplate } from "#lib/adapters/kubernetes/contract.ts";

/** How Deployments roll, fail and return: what the fold and the executor read from their status. */

const deploymentSchema = z.looseObject({
  metadata: z.looseObject({ generation: z.int() }),
  spec: z.looseObject({ replicas: z.int(), template: z.looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string(), image: z.string(), env: z.array(z.unknown()).optional() })) }) }) }),
  status: z.looseObject({
    observedGeneration: z.int().default(0),
    replicas: z.int().default(0),
    updatedReplicas: z.int().default(0),
    readyReplicas: z.int().default(0),
    availableReplicas: z.int().default(0),
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().optional() })).default([]),
  }).default({ observedGeneration: 0, replicas: 0, updatedReplicas: 0, readyReplicas: 0, availableReplicas: 0, conditions: [] }),
});
const read = (object: ClusterObject) => deploymentSchema.parse(object);

const podSchema = z.looseObject({
  spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }),
  status: z.looseObject({
    phase: z.string().optional(),
    containerStatuses: z.array(z.looseObject({
      name: z.string(),
      ready: z.boolean(),
      restartCount: z.int(),
      imageID: z.string(),
      state: z.looseObject({ waiting: z.looseObject({ reason: z.string().optional() }).optional(), running: z.looseObject({}).optional() }).optional(),
      lastState: z.looseObject({ terminated: z.looseObject({ exitCode: z.int() }).optional() }).optional(),
    })).default([]),
  }),
});

/** Kubernetes documentation, "Deployments", complete deployment; the generation check keeps an old status from counting. */
function isComplete(object: ClusterObject): boolean {
  const { metadata, spec, status } = read(object);
  return status.observedGeneration >= metadata.generation && status.updatedReplicas === spec.replicas && status.replicas === spec.replicas && status.availableReplicas === spec.replicas;
}

/** Waits by watching until one object of the kind fits. */
async function until(api: ClusterApi, kind: ResourceKind, namespace: string, labelSelector: string, fits: (object: ClusterObject) => boolean, timeoutMs: number): Promise<ClusterObject> {
  const limit = AbortSignal.timeout(timeoutMs);
  while (!limit.aborted) {
    const list = await api.list(kind, { namespace, labelSelector });
    const found = list.items.find(fits);
    if (found !== undefined) return found;
    for await (const event of api.watch(kind, { namespace, labelSelector, resourceVersion: list.resourceVersion, timeoutSeconds: 10 }, limit)) {
      if (event.type !== "BOOKMARK" && event.type !== "DELETED" && fits(event.object)) return event.object;
    }
  }
  const seen = await api.list(kind, { namespace, labelSelector });
  throw new Error(`not reached within ${timeoutMs} ms; ${kind.plural} are: ${JSON.stringify(seen.items.map((item) => item.status))}`);
}

export function kubernetesRolloutContract(title: string, target: () => ContractTarget): void {
  const template = (app: string, image: string): PodTemplate => ({
    metadata: { labels: { app } },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "first", image, env: [{ name: "KEEP", value: "me" }] }, { name: "second", image }] },
  });
  const deploy = async (deadlineSeconds = 60) => {
    const { api, namespace, images } = target();
    const app = uniqueName("rolling");
    await api.create(kinds.deployments, namespace, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: app, labels: { app } },
      // A container without a readiness probe is ready as soon as it runs; one that exits a moment later must not count.
      spec: { replicas: 2, minReadySeconds: 3, progressDeadlineSeconds: deadlineSeconds, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, selector: { matchLabels: { app } }, template: template(app, images[0]) },
    });
    const complete = await until(api, kinds.deployments, namespace, `app=${app}`, isComplete, 40_000);
    return { api, namespace, images, app, selector: `app=${app}`, complete };
  };

  describe.concurrent(`${title}: rollouts`, () => {
    it("replaces one container's image by name, rolls, and says when it is complete", { timeout: 120_000 }, async () => {
      const { api, namespace, images, app, selector, complete } = await deploy();
      const before = read(complete);
      const changed = await api.patch(kinds.deployments, namespace, app, "strategic-merge", {
        metadata: { uid: complete.metadata.uid },
        spec: { template: { spec: { containers: [{ name: "second", image: images[1] }] } } },
      });
      expect(read(changed).metadata.generation).toBe(before.metadata.generation + 1);
      expect(read(changed).spec.template.spec.containers.map(({ name, image, env }) => ({ name, image, env: env?.length ?? 0 }))).toEqual([
        { name: "first", image: images[0], env: 1 },
        { name: "second", image: images[1], env: 0 },
      ]);
      expect(isComplete(changed)).toBe(false);

      const done = await until(api, kinds.deployments, namespace, selector, (object) => isComplete(object) && read(object).metadata.generation > before.metadata.generation, 60_000);
      expect(read(done).status.conditions.find((condition) => condition.type === "Progressing")).toMatchObject({ status: "True", reason: "NewReplicaSetAvailable" });

      const sets = await api.list(kinds.replicaSets, { namespace, labelSelector: selector });
      const revisions = sets.items.map((set) => set.metadata.annotations?.["deployment.kubernetes.io/revision"]);
      expect(revisions.toSorted()).toEqual(["1", "2"]);
      const newest = sets.items.find((set) => set.metadata.annotations?.["deployment.kubernetes.io/revision"] === "2");
      expect(newest?.metadata.ownerReferences).toMatchObject([{ kind: "Deployment", name: app, uid: complete.metadata.uid, controller: true }]);

      const pods = await api.list(kinds.pods, { namespace, labelSelector: selector });
      const current = pods.items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
      expect(current).toHaveLength(2);
      for (const pod of current) {
        expect(pod.metadata.ownerReferences?.[0]?.uid).toBe(newest?.metadata.uid);
        const { spec, status } = podSchema.parse(pod);
        expect(spec.containers.map((container) => container.image)).toEqual([images[0], images[1]]);
        for (const container of status.containerStatuses) expect(container).toMatchObject({ ready: true, imageID: expect.stringMatching(/@?sha256:[0-9a-f]{64}$/) });
      }
    });

    it("shows a crash loop in the pod, keeps the old pods, misses its deadline, and returns", { timeout: 180_000 }, async () => {
      const { api, namespace, images, app, selector, complete } = await deploy(12);
      const good = template(app, images[0]);
      const broken = target().breakTemplate(template(app, images[0]));
      await api.patch(kinds.deployments, namespace, app, "json", [
        { op: "test", path: "/metadata/uid", value: complete.metadata.uid },
        { op: "replace", path: "/spec/template", value: broken },
      ]);

      const looping = await until(api, kinds.pods, namespace, selector, (pod) => {
        const container = podSchema.parse(pod).status.containerStatuses.find((status) => status.name === "first");
        return container?.state?.waiting?.reason === "CrashLoopBackOff" && container.restartCount >= 1;
      }, 60_000);
      const container = podSchema.parse(looping).status.containerStatuses.find((status) => status.name === "first");
      expect(container?.ready).toBe(false);
      expect(container?.lastState?.terminated?.exitCode).not.toBe(0);

      const late = await until(api, kinds.deployments, namespace, selector, (object) => read(object).status.conditions.some((condition) => condition.type === "Progressing" && condition.status === "False"), 60_000);
      expect(read(late).status.conditions.find((condition) => condition.type === "Progressing")?.reason).toBe("ProgressDeadlineExceeded");
      expect(read(late).status).toMatchObject({ availableReplicas: 2, updatedReplicas: 1 });
      expect(isComplete(late)).toBe(false);

      const returned = await api.patch(kinds.deployments, namespace, app, "json", [{ op: "replace", path: "/spec/template", value: good }]);
      const generation = read(returned).metadata.generation;
      await until(api, kinds.deployments, namespace, selector, (object) => isComplete(object) && read(object).metadata.generation >= generation, 60_000);
    });

    it("scales by the subresource and refuses nonsense", { timeout: 60_000 }, async () => {
      const { api, namespace, app, selector } = await deploy();
      await api.patch(kinds.deployments, namespace, app, "merge", { spec: { replicas: 1 } }, { subresource: "scale" });
      await until(api, kinds.deployments, namespace, selector, (object) => isComplete(object) && read(object).spec.replicas === 1, 40_000);
      const error = await refusal(api.patch(kinds.deployments, namespace, app, "merge", { spec: { replicas: -1 } }));
      expect(error).toMatchObject({ reason: "invalid", status: 422 });
      expect(error.message).toContain("greater than or equal to 0");
    });

    it("gives the log of a container by lines", { timeout: 60_000 }, async () => {
      const { api, namespace, selector } = await deploy();
      const pods = await api.list(kinds.pods, { namespace, labelSelector: selector });
      const name = pods.items[0]?.metadata.name ?? "";
      const lines: string[] = [];
      const ending = new AbortController();
      for await (const line of api.podLog(namespace, name, { container: "first", follow: true, tailLines: 5, timestamps: true }, ending.signal)) {
        lines.push(line);
        if (lines.length === 1) ending.abort();
      }
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z /);
      const missing = api.podLog(namespace, name, { container: "third", follow: false }, new AbortController().signal);
      expect(await refusal(drain(missing))).toMatchObject({ reason: "invalid", status: 400 });
    });
  });
}
