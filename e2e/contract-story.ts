import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiClient } from "#e2e/api-client.ts";
import type { ApiAnswer, ApiClient } from "#e2e/api-client.ts";

/** A running Vigie with a cluster behind it, real or sandbox, and hands on that cluster that are not Vigie's. */
export interface StoryTarget {
  url: string;
  token: string;
  /** Runs kubectl against the cluster; returns its output. */
  kubectl(...args: string[]): string;
  /** Image that staging's Experience is given for the promotion, by tag and digest, known to the registry Vigie asks. */
  nextImage: string;
  stop(): Promise<void>;
}

const terminal = ["succeeded", "failed", "returned", "aborted"];

/** Promote, a release that cannot start, the return by itself, rollback with its ConfigMap, and the record of it all; the same on every cluster. */
export function storyContract(title: string, start: () => Promise<StoryTarget>): void {
  describe(title, () => {
    let target: StoryTarget;
    let api: ApiClient;
    beforeAll(async () => {
      target = await start();
      api = apiClient(target.url, target.token);
    }, 240_000);
    afterAll(() => target?.stop(), 60_000);

    const environment = (state: ApiAnswer["body"], name: string) => state.environments.find((one: { name: string }) => one.name === name);
    const bigPod = (state: ApiAnswer["body"], name: string, pod: string) => environment(state, name).bigPods.find((one: { name: string }) => one.name === pod);
    /** Every tile green, and what runs is recorded as a release. */
    const allWell = (state: ApiAnswer["body"]): boolean => state.environments.every((one: ApiAnswer["body"]) => one.source.state === "live" && one.releaseSettled === true && one.bigPods.every((pod: { status: string }) => pod.status === "healthy"));
    const image = (namespace: string, workload: string): string => target.kubectl("-n", namespace, "get", "deployment", workload, "-o", "jsonpath={.spec.template.spec.containers[0].image}");
    const logLevel = (): string => target.kubectl("-n", "dreamscape-prod", "get", "configmap", "experience-config", "-o", "jsonpath={.data.LOG_LEVEL}");
    /** Pods of a workload that are there to stay: one that is being deleted may take its time. */
    const pods = (namespace: string, workload: string): string => {
      const { items } = JSON.parse(target.kubectl("-n", namespace, "get", "pods", "-l", `app.kubernetes.io/name=${workload}`, "-o", "json"));
      return items.flatMap(({ metadata }: { metadata: { uid: string; deletionTimestamp?: string } }) => (metadata.deletionTimestamp === undefined ? [metadata.uid] : [])).toSorted().join(" ");
    };
    const prodReleases = async (): Promise<ApiAnswer["body"][]> => (await api.get("releases?environment=prod")).body.releases;

    async function run(request: unknown, reason: string): Promise<ApiAnswer["body"]> {
      const plan = await api.post("plans", request);
      expect(plan.status, JSON.stringify(plan.body)).toBe(200);
      expect(plan.body.gates.filter((gate: { verdict: string }) => gate.verdict !== "pass")).toEqual([]);
      const key = randomUUID();
      const accepted = await api.post("operations", { planHash: plan.body.hash, reason }, { "idempotency-key": key });
      expect(accepted.status, JSON.stringify(accepted.body)).toBe(202);
      const again = await api.post("operations", { planHash: plan.body.hash, reason }, { "idempotency-key": key });
      expect(again.body.id).toBe(accepted.body.id);
      return api.until(`operations/${accepted.body.id}`, (body) => terminal.includes(body.status), 180_000);
    }

    test("what runs is seen, healthy and recorded as releases", async () => {
      const state = await api.until("state", allWell, 120_000);
      expect(environment(state, "prod").release).toMatch(/^R-\d+$/);
      expect(bigPod(state, "prod", "core").services.map((one: { status: string }) => one.status)).toContain("up");
    }, 130_000);

    test("a promotion brings exactly the digest that ran in staging and touches nothing else", async () => {
      target.kubectl("-n", "dreamscape-staging", "set", "image", "deployment/experience", `experience=${target.nextImage}`);
      const digest = target.nextImage.slice(target.nextImage.indexOf("@") + 1);
      await api.until("state", (state) => bigPod(state, "staging", "experience").images.some((one: { digest: string }) => one.digest === digest) && allWell(state) && environment(state, "staging").release !== environment(state, "prod").release, 120_000);
      expect(image("dreamscape-prod", "experience")).not.toContain(digest);
      const [commerce, experience] = [pods("dreamscape-prod", "commerce"), pods("dreamscape-prod", "experience")];
      const done = await run({ kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] }, "story: bring Experience to prod");
      expect(done.status, JSON.stringify(done)).toBe("succeeded");
      expect(image("dreamscape-prod", "experience")).toContain(`@${digest}`);
      expect(pods("dreamscape-prod", "commerce")).toBe(commerce);
      expect(pods("dreamscape-prod", "experience")).not.toBe(experience);
      await api.until("state", (state) => allWell(state) && bigPod(state, "prod", "experience").images.some((one: { digest: string }) => one.digest === digest), 60_000);
    }, 360_000);

    test("a change whose pods cannot start is returned by itself, and says why", async () => {
      const before = image("dreamscape-prod", "experience");
      const release = (await prodReleases()).find((one) => !one.current);
      const nodes = target.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").split(" ");
      for (const node of nodes) target.kubectl("cordon", node);
      try {
        const done = await run({ kind: "rollback", environment: "prod", release: release.number, bigPods: ["experience"] }, "story: this one cannot start");
        expect(done.status, JSON.stringify(done)).toBe("returned");
        expect(done.note).toMatch(/schedul/i);
        expect(image("dreamscape-prod", "experience")).toBe(before);
      } finally {
        for (const node of nodes) target.kubectl("uncordon", node);
      }
      await api.until("state", allWell, 60_000);
    }, 300_000);

    test("a broken release put there by hand is seen with its cause, and a rollback restores images and ConfigMap", async () => {
      const current = (await prodReleases()).find((one) => one.current);
      const [before, level] = [image("dreamscape-prod", "experience"), logLevel()];
      target.kubectl("-n", "dreamscape-prod", "set", "image", "deployment/experience", "experience=ghcr.io/dreamscape-ai/experience-pod:v2.4.0-broken");
      target.kubectl("-n", "dreamscape-prod", "patch", "configmap", "experience-config", "--type=merge", "-p", '{"data":{"LOG_LEVEL":"by-hand"}}');
      const state = await api.until("state", (body) => bigPod(body, "prod", "experience").status === "broken", 90_000);
      expect(bigPod(state, "prod", "experience").cause).toMatch(/experience-.*(exit|crash|code 1)/i);
      expect(environment(state, "prod")).toMatchObject({ status: "broken", releaseSettled: false });
      const done = await run({ kind: "rollback", environment: "prod", release: current.number }, "story: undo what was done by hand");
      expect(done.status, JSON.stringify(done)).toBe("succeeded");
      expect(image("dreamscape-prod", "experience").split("@")[1]).toBe(before.split("@")[1]);
      expect(level).not.toBe("by-hand");
      expect(logLevel()).toBe(level);
      await api.until("state", allWell, 60_000);
    }, 300_000);

    test("the audit log tells who did what and why, and its chain holds", async () => {
      const { body } = await api.get("audit?limit=200");
      const requests: { reason: string; operationId: string; actor: unknown }[] = body.entries.filter((entry: { action: string }) => entry.action === "operation.request").toReversed();
      expect(requests.map((entry) => entry.reason)).toEqual(["story: bring Experience to prod", "story: this one cannot start", "story: undo what was done by hand"]);
      for (const entry of requests) expect(entry.actor).toMatchObject({ kind: "token", name: expect.stringMatching(/./) });
      const outcomes = new Map(body.entries.filter((entry: { action: string }) => entry.action === "operation.outcome").map((entry: { operationId: string; outcome: string }) => [entry.operationId, entry.outcome]));
      expect(requests.map((entry) => outcomes.get(entry.operationId))).toEqual(["succeeded", "failed", "succeeded"]);
      expect((await api.get("audit/verify")).body).toMatchObject({ valid: true, firstBad: null });
    });

    test("a plan of the past is refused with what changed, and nothing happens", async () => {
      const request = { kind: "restart", environment: "staging", bigPods: ["commerce"] };
      const plan = await api.post("plans", request);
      expect(plan.status, JSON.stringify(plan.body)).toBe(200);
      const uids = pods("dreamscape-staging", "commerce");
      // Moves the generation, and nothing that runs; to and fro, so that it is a change in every run.
      const limit = Number(target.kubectl("-n", "dreamscape-staging", "get", "deployment", "commerce", "-o", "jsonpath={.spec.revisionHistoryLimit}"));
      target.kubectl("-n", "dreamscape-staging", "patch", "deployment", "commerce", "--type=merge", "-p", `{"spec":{"revisionHistoryLimit":${limit === 7 ? 8 : 7}}}`);
      await expect.poll(async () => (await api.post("plans", request)).body.hash, { timeout: 30_000, interval: 200 }).not.toBe(plan.body.hash);
      const refused = await api.post("operations", { planHash: plan.body.hash, reason: "story: too late" }, { "idempotency-key": randomUUID() });
      expect(refused.status, JSON.stringify(refused.body)).toBe(409);
      expect(refused.body.error).toMatchObject({ code: "conflict", reference: expect.any(String), detail: { difference: [expect.stringMatching(/commerce.*generation/)] } });
      expect(pods("dreamscape-staging", "commerce")).toBe(uids);
    }, 90_000);
  });
}
