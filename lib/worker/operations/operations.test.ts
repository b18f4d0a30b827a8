import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { BigPodState } from "#lib/contracts/state.ts";
import { asJson } from "#lib/db/repositories/operation.ts";
import { ClusterError, epochAnnotation, kinds, operationAnnotation } from "#lib/ports/cluster.ts";
import type { ClusterApi } from "#lib/ports/cluster.ts";
import { abortOperation } from "#lib/services/operation/abort.ts";
import { liftQuarantine } from "#lib/services/quarantine/lift.ts";
import { listQuarantine } from "#lib/services/quarantine/list.ts";
import { createToken } from "#lib/services/token/create.ts";
import { revokeToken } from "#lib/services/token/revoke.ts";
import { openStage, releaser } from "#lib/worker/operations/test-stage.ts";
import type { Stage } from "#lib/worker/operations/test-stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await stage.startWorker("w1");
});
afterAll(() => stage.stop());
beforeEach(async () => {
  await stage.settled("staging");
  await stage.settled("prod");
});

const namespace = "dreamscape-prod";
const deployment = (name: string) => stage.apiOf("prod").get(kinds.deployments, namespace, name);
/** Of the cluster itself: what the database says of pods trails behind the end of a rollout, which another watch tells. */
const podUids = async (bigPod: string) => {
  const { items } = await stage.apiOf("prod").list(kinds.pods, { namespace });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined && metadata.ownerReferences?.some((owner) => owner.kind === "ReplicaSet" && owner.name.startsWith(`${bigPod}-`))).map(({ metadata }) => metadata.uid).toSorted();
};
const runningStep = (id: string, name: string, bigPod: string | null) =>
  stage.until(`${name} of ${bigPod ?? "all"} runs`, async () => {
    const row = await stage.database.db.operationStepRow.findFirst({ where: { operationId: id, name, bigPod, status: "running" } });
    return row ?? undefined;
  });

/** Tells the database that staging runs an image well which breaks elsewhere: what a release that only fails in prod looks like. */
async function stagingSeemsToRun(kind: string): Promise<() => Promise<void>> {
  await stage.console("faults/release", { environment: "dev", kind });
  const digestIn = async (environment: string) => (await stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment, bigPod: "experience" } } })).state as unknown as BigPodState;
  const before = await digestIn("staging");
  const bad = await stage.until("dev runs it", async () => {
    const image = (await digestIn("dev")).images[0];
    return image !== undefined && image.digest !== null && image.tag?.endsWith(`-${kind}`) === true ? image : undefined;
  });
  const write = (state: BigPodState) => stage.database.db.bigPodStateRow.update({ where: { environment_bigPod: { environment: "staging", bigPod: "experience" } }, data: { state: asJson(state) } });
  await write({ ...before, images: [bad] });
  return async () => void (await write(before));
}

test("a release that breaks goes back by itself, with what was promoted before it", async () => {
  const before = await stage.images("prod");
  const restore = await stagingSeemsToRun("broken");
  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  expect(plan.changes.filter((change) => change.effect === "images").map((change) => change.bigPod)).toEqual(["core", "experience"]);
  const operation = await stage.ended(await stage.confirm(plan));
  await restore();
  expect(operation).toMatchObject({ status: "returned", note: expect.stringContaining("experience") });
  expect(await stage.images("prod")).toEqual(before);
  expect(operation.steps.map((step) => [step.name, step.bigPod, step.status])).toEqual([
    ["check", null, "succeeded"], ["write", "core", "succeeded"], ["rollout", "core", "succeeded"], ["write", "experience", "succeeded"], ["rollout", "experience", "failed"], ["verify", null, "skipped"],
    ["return-write", "experience", "succeeded"], ["return-rollout", "experience", "succeeded"], ["return-write", "core", "succeeded"], ["return-rollout", "core", "succeeded"],
  ]);
  const actions = await stage.database.db.auditEntryRow.findMany({ where: { operationId: operation.id }, orderBy: { sequence: "asc" } });
  expect(actions.map((entry) => [entry.action, entry.outcome])).toEqual([["operation.request", "allowed"], ["operation.start", "allowed"], ["operation.outcome", "failed"], ["quarantine.add", "succeeded"]]);

  // Nobody promotes it again, until somebody says why it would go well this time.
  const again = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  expect(again).toMatchObject({ ready: false, start: { how: "refused" } });
  expect(again.gates.find((gate) => gate.name === "not-quarantined")).toMatchObject({ verdict: "fail", evidence: expect.stringMatching(new RegExp(`R-${plan.release ?? 0} is in quarantine in prod since .*experience.*operation ${operation.id}`, "i")) });
  await expect(stage.confirm(again)).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("is in quarantine in prod") });
  const [held] = await listQuarantine(stage.context, releaser, { environment: "prod" });
  expect(held).toMatchObject({ release: plan.release, operationId: operation.id, lifted: null });
  await expect(liftQuarantine(stage.context, releaser, held?.id ?? "", { reason: "short" })).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("10 to 500 characters") });
  expect(await liftQuarantine(stage.context, releaser, held?.id ?? "", { reason: "the module is in the image now" })).toMatchObject({ lifted: { by: "Rafael", reason: "the module is in the image now" } });
  await expect(liftQuarantine(stage.context, releaser, held?.id ?? "", { reason: "the module is in the image now" })).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("was lifted already") });
});

test("an abort brings back what was changed", async () => {
  const before = await stage.images("prod");
  const restore = await stagingSeemsToRun("slow");
  const id = await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod", bigPods: ["experience"] }));
  await runningStep(id, "rollout", "experience");
  await abortOperation(stage.context, releaser, id);
  const operation = await stage.ended(id);
  await restore();
  expect(operation).toMatchObject({ status: "aborted", note: expect.stringContaining("Aborted by Rafael"), abortRequestedBy: "Rafael" });
  expect(await stage.images("prod")).toEqual(before);
});

test("ACCEPTANCE 39: a role that is taken away during the rollout stops the later writes; what was changed goes back, with an entry", async () => {
  const before = await stage.images("prod");
  const user = { where: { id: releaser.id } };
  const { groups } = await stage.database.db.userRow.findUniqueOrThrow(user);
  const id = await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" }));
  await runningStep(id, "rollout", "core");
  await stage.database.db.userRow.update({ ...user, data: { groups: [] } });
  const operation = await stage.ended(id).finally(() => stage.database.db.userRow.update({ ...user, data: { groups } }));
  expect(operation).toMatchObject({ status: "returned", note: "Rafael does not hold the role releaser or responder or admin in prod any more, so nothing more is changed. What was changed is back as it was." });
  expect(await stage.images("prod")).toEqual(before);
  expect(operation.steps.find((step) => step.name === "write" && step.bigPod === "experience")).toMatchObject({ status: "failed" });
  const [denied] = await stage.database.db.auditEntryRow.findMany({ where: { operationId: id, action: "access.denied" } });
  expect(denied).toMatchObject({ outcome: "denied", actorId: releaser.id, environment: "prod" });
});

test("a token that was revoked before its operation began changes nothing", async () => {
  const before = await stage.images("prod");
  const token = await createToken(stage.context, releaser, { name: "ci", role: "operator", environments: ["prod"], expiresInDays: 1 });
  const plan = await stage.plan({ kind: "restart", environment: "prod", bigPods: ["commerce"] });
  const { generation } = (await deployment("commerce")).metadata;
  await stage.stopWorkers();
  const id = await stage.confirm(plan, { kind: "token", id: token.id, name: token.name, grants: [{ role: "operator", environments: ["prod"] }] });
  await revokeToken(stage.context, releaser, token.id);
  await stage.startWorker("w2");
  expect(await stage.ended(id)).toMatchObject({ status: "refused", note: "The API token ci is revoked. Nothing was changed." });
  expect([await stage.images("prod"), (await deployment("commerce")).metadata.generation]).toEqual([before, generation]);
});

test("ACCEPTANCE 20: somebody who edits other fields at the same time is no obstacle", async () => {
  const api = stage.apiOf("prod");
  const before = await podUids("commerce");
  const id = await stage.confirm(await stage.plan({ kind: "restart", environment: "prod", bigPods: ["commerce"] }));
  const ended = new AbortController();
  const labelling = (async () => {
    for (let count = 0; !ended.signal.aborted; count += 1, await wait(15)) await api.patch(kinds.deployments, namespace, "commerce", "merge", { metadata: { labels: { busy: String(count) } } });
  })();
  const operation = await stage.ended(id).finally(() => ended.abort());
  await labelling;
  expect([operation.status, operation.note]).toEqual(["succeeded", expect.anything()]);
  const after = await podUids("commerce");
  expect(after.filter((uid) => before.includes(uid))).toEqual([]);
});

test("ACCEPTANCE 27: somebody who writes another image during the rollout is not overruled; the rest goes back", async () => {
  const before = await stage.images("prod");
  const restore = await stagingSeemsToRun("slow");
  const id = await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" }));
  await runningStep(id, "rollout", "experience");
  const theirs = "ghcr.io/dreamscape-ai/experience-pod:v2.4.0-broken";
  await stage.apiOf("prod").patch(kinds.deployments, namespace, "experience", "strategic-merge", { spec: { template: { spec: { containers: [{ name: "experience", image: theirs }] } } } });
  const operation = await stage.ended(id);
  await restore();
  expect(operation).toMatchObject({ status: "failed", note: expect.stringMatching(/left as it is: it was changed by somebody else/) });
  const after = await stage.images("prod");
  expect(after).toEqual({ ...before, experience: { experience: theirs } });
  const release = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  const back = await stage.plan({ kind: "rollback", environment: "prod", release: release.number });
  expect(back.ready).toBe(true);
  const cores = [await podUids("core"), await podUids("commerce")];
  expect(await stage.ended(await stage.confirm(back))).toMatchObject({ status: "succeeded" });
  expect([await podUids("core"), await podUids("commerce")]).toEqual(cores);
});

test("an edit between plan and execution: refused, or stopped before anything is written", async () => {
  const plan = await stage.plan({ kind: "scale", environment: "prod", bigPod: "commerce", replicas: 3 });
  await stage.apiOf("prod").patch(kinds.deployments, namespace, "commerce", "strategic-merge", { spec: { template: { metadata: { annotations: { edited: "yes" } } } } });
  const outcome = await stage.confirm(plan).then((id) => stage.ended(id), (error: unknown) => error);
  expect(outcome).toMatchObject(outcome instanceof Error ? { code: "conflict" } : { status: expect.stringMatching(/^(failed|refused)$/), note: expect.stringMatching(/edited.*Nothing was changed/) });
  expect((await deployment("commerce")).spec).toMatchObject({ replicas: 2 });
});

test("ACCEPTANCE 26: a Deployment that was deleted and created again since the plan: refused, or stopped before anything is written", async () => {
  const plan = await stage.plan({ kind: "scale", environment: "prod", bigPod: "commerce", replicas: 3 });
  const { metadata, spec } = await deployment("commerce");
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await stage.admin("DELETE", `${path}/commerce`);
  await stage.until("it is gone", async () => deployment("commerce").then(() => undefined, (error: unknown) => (error instanceof ClusterError && error.reason === "not-found" ? true : undefined)));
  await stage.admin("POST", path, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: metadata.name, namespace, labels: metadata.labels }, spec });
  const outcome = await stage.confirm(plan).then((id) => stage.ended(id), (error: unknown) => error);
  expect(outcome).toMatchObject(outcome instanceof Error ? { code: "conflict" } : { status: expect.stringMatching(/^(failed|refused)$/) });
  const after = await deployment("commerce");
  expect([after.metadata.uid === metadata.uid, after.spec]).toMatchObject([false, { replicas: 2 }]);
  expect(after.metadata.annotations?.[operationAnnotation]).toBeUndefined();
});

test("a cluster that refuses the very first write: failed, nothing was changed, nothing is returned, and the release is not to blame", async () => {
  await stage.stopWorkers();
  const refusing = (environment: string): ClusterApi =>
    new Proxy(stage.apiOf(environment), {
      get: (api, name) => (name === "patch" ? () => Promise.reject(new ClusterError("forbidden", "cannot patch deployments", { status: 403 })) : Reflect.get(api, name)),
    });
  await stage.startWorker("refused", { apiOf: refusing });
  await stage.settled("prod");
  const before = [await stage.images("prod"), (await deployment("core")).metadata.generation];
  const operation = await stage.ended(await stage.confirm(await stage.plan({ kind: "promotion", from: "staging", to: "prod" })));
  await stage.stopWorkers();
  await stage.startWorker("w3");
  expect(operation).toMatchObject({ status: "failed", note: "The cluster refuses to write Deployment core: cannot patch deployments. Nothing was changed." });
  expect(operation.steps.filter((step) => step.name.startsWith("return-"))).toEqual([]);
  expect([await stage.images("prod"), (await deployment("core")).metadata.generation]).toEqual(before);
  expect(await stage.database.db.quarantineRow.count({ where: { operationId: operation.id } })).toBe(0);
});

test("scales up and back", async () => {
  for (const replicas of [3, 2]) {
    await stage.settled("prod");
    const operation = await stage.ended(await stage.confirm(await stage.plan({ kind: "scale", environment: "prod", bigPod: "commerce", replicas })));
    expect(operation).toMatchObject({ status: "succeeded" });
    // Facts are facts with the end: a plan made in this very moment is not taken for an edit by somebody.
    const { state } = await stage.database.db.bigPodStateRow.findUniqueOrThrow({ where: { environment_bigPod: { environment: "prod", bigPod: "commerce" } } });
    const now = await deployment("commerce");
    expect(state).toMatchObject({ workload: { generation: now.metadata.generation }, replicas: { desired: replicas } });
    expect(now.status).toMatchObject({ replicas, readyReplicas: replicas });
  }
});

test("promotes what staging runs by digest, touches nothing else, and a rollback restores template and ConfigMaps whole", async () => {
  const api = stage.apiOf("prod");
  const before = await stage.images("prod");
  const original = await api.get(kinds.configMaps, namespace, "experience-config");
  const old = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  const commerce = await podUids("commerce");

  const plan = await stage.plan({ kind: "promotion", from: "staging", to: "prod" });
  expect(plan.gates.filter((gate) => gate.verdict !== "pass")).toEqual([]);
  const promotion = await stage.ended(await stage.confirm(plan));
  expect(promotion).toMatchObject({ status: "succeeded" });
  // Sealed in the very transaction that ended it: whoever changes prod in the next moment cannot take the way back away.
  const sealed = await stage.database.db.releaseRecord.findFirstOrThrow({ where: { environment: "prod", operationId: promotion.id } });
  expect(sealed).toMatchObject({ number: plan.release, healthyAt: expect.any(Date), seenAt: new Date(promotion.finishedAt ?? "") });
  expect(await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).toMatchObject({ number: plan.release, settled: true });
  const after = await stage.images("prod");
  for (const change of plan.changes) {
    if (change.effect === "unchanged") expect(after[change.bigPod]).toEqual(before[change.bigPod]);
    for (const image of change.images) expect(after[change.bigPod]?.[image.container]).toBe(image.to);
  }
  expect(await podUids("commerce")).toEqual(commerce);
  expect((await deployment("core")).metadata.annotations).toMatchObject({ [operationAnnotation]: promotion.id, [epochAnnotation]: "1" });
  expect(JSON.stringify((await deployment("core")).spec)).not.toContain("vigie.dev/");

  await api.patch(kinds.configMaps, namespace, "experience-config", "merge", { data: { LOG_LEVEL: "trace", ADDED: "later" } });
  await stage.until("the edit is a release of its own", async () => {
    const now = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
    const record = await stage.database.db.releaseRecord.findUniqueOrThrow({ where: { environment_contentHash: { environment: "prod", contentHash: now.contentHash } } });
    return now.settled && JSON.stringify(record.content).includes('"trace"') ? true : undefined;
  });
  await stage.console("faults/registry", { down: true });
  const back = await stage.plan({ kind: "rollback", environment: "prod", release: old.number });
  await stage.console("faults/registry", { down: false });
  expect(back.ready).toBe(true);
  expect(back.changes.find((change) => change.bigPod === "experience")?.config).toEqual(["experience-config: ADDED", "experience-config: LOG_LEVEL"]);
  const rollback = await stage.ended(await stage.confirm(back));
  expect([rollback.status, rollback.note]).toEqual(["succeeded", expect.anything()]);
  expect((await api.get(kinds.configMaps, namespace, "experience-config")).data).toEqual(original.data);
  expect(await podUids("commerce")).toEqual(commerce);
  const digests = (images: typeof before) => Object.values(images).flatMap((containers) => Object.values(containers).map((reference) => reference.split("@")[0]));
  expect(digests(await stage.images("prod"))).toEqual(digests(before));
});

test("a ConfigMap that changed alone is brought back by a restart", async () => {
  const release = await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } });
  await stage.apiOf("prod").patch(kinds.configMaps, namespace, "commerce-config", "merge", { data: { LOG_LEVEL: "trace" } });
  await stage.until("the edit is recorded", async () => ((await stage.database.db.environmentRelease.findUniqueOrThrow({ where: { environment: "prod" } })).contentHash === release.contentHash ? undefined : true));
  await stage.settled("prod");
  const [commerce, core] = [await podUids("commerce"), await podUids("core")];
  const operation = await stage.ended(await stage.confirm(await stage.plan({ kind: "rollback", environment: "prod", release: release.number })));
  expect(operation).toMatchObject({ status: "succeeded" });
  expect((await podUids("commerce")).filter((uid) => commerce.includes(uid))).toEqual([]);
  expect(await podUids("core")).toEqual(core);
  expect((await stage.apiOf("prod").get(kinds.configMaps, namespace, "commerce-config")).data).not.toMatchObject({ LOG_LEVEL: "trace" });
});
