import { randomUUID } from "node:crypto";
import { appendAudit } from "#lib/db/audit.ts";
import { databaseNow } from "#lib/db/client.ts";
import { appendEntry } from "#lib/db/repositories/incident-entry.ts";
import { lastLines, maximumEvidenceBytes, maximumLogBytes, maximumLogLines, redacted, storable, withinLimit } from "#lib/domain/evidence.ts";
import type { EvidenceFile } from "#lib/domain/evidence.ts";
import { fields, list, text } from "#lib/domain/fold-read.ts";
import type { IsolationTarget } from "#lib/domain/isolation-steps.ts";
import { ClusterError, kinds } from "#lib/ports/cluster.ts";
import type { ClusterObject } from "#lib/ports/cluster.ts";
import { incidentFor } from "#lib/services/incident/of-big-pod.ts";
import { readMarked, selectorText } from "#lib/worker/operations/isolation-objects.ts";
import { ClaimLost } from "#lib/worker/operations/lease.ts";
import { patiently } from "#lib/worker/operations/patience.ts";
import type { Run } from "#lib/worker/operations/parts.ts";

/** One log may take so long, so that one that hangs does not hold up the cut; as many are read at once. */
const logMs = 8_000;
const logsAtOnce = 4;

/**
 * Saves what there is to see of a Big Pod, in one transaction with its audit entry and a line in the timeline of its incident: all of it, or nothing. A log
 * that cannot be read is a file that says why; pods, events and workload must be read. Throws StepFailed, ClaimLost.
 */
export async function saveEvidence(run: Run, target: IsolationTarget, deadline: number): Promise<string> {
  const { db, journal, keeper } = run;
  const { operation } = journal;
  const before = await db.incidentEvidenceRow.count({ where: { operationId: operation.id, bigPod: target.bigPod } });
  if (before > 0) return `${count(before)} saved`;
  const { kept, left } = withinLimit(await collect(run, target, deadline), maximumEvidenceBytes);
  const bytes = kept.reduce((sum, file) => sum + Buffer.byteLength(file.content, "utf8"), 0);
  const sentence = `${count(kept.length)} saved (${Math.ceil(bytes / 1024)} KiB)${left.length === 0 ? "" : `; too large, left out: ${left.slice(0, 5).join(", ")}${left.length > 5 ? ` and ${left.length - 5} more` : ""}`}`;
  await db.$transaction(async (tx) => {
    const held = await tx.$queryRaw<unknown[]>`SELECT 1 FROM operation WHERE id = ${operation.id} AND epoch = ${keeper.claim.epoch} AND status = 'running' FOR UPDATE`;
    if (held.length === 0) throw new ClaimLost(keeper.claim, "another worker has claimed it");
    const at = await databaseNow(tx);
    const incident = await incidentFor(tx, { environment: operation.environment, bigPod: target.bigPod, number: operation.incident });
    await tx.incidentEvidenceRow.createMany({
      data: kept.map((file) => ({ id: randomUUID(), incidentId: incident?.id ?? null, operationId: operation.id, environment: operation.environment, bigPod: target.bigPod, ...file, bytes: Buffer.byteLength(file.content, "utf8"), at })),
    });
    if (incident !== null) await appendEntry(tx, { incidentId: incident.id, key: `evidence:${operation.id}:${target.bigPod}`, at, kind: "evidence", title: `The evidence of ${target.bigPod} is saved: ${sentence}`, actor: journal.actor, link: `/operations/${operation.id}` });
    await appendAudit(tx, {
      action: "incident.evidence", outcome: "succeeded", actor: { kind: "system", id: keeper.claim.worker, name: "Vigie" }, environment: operation.environment, bigPods: [target.bigPod], operationId: operation.id,
      summary: `The evidence of ${target.bigPod} in ${operation.environment} was kept before "${operation.title}": ${sentence}`, reason: operation.reason, before: null, after: { incident: incident?.number ?? null, files: kept.map((file) => file.name).slice(0, 200) },
    });
  }, { maxWait: 5_000, timeout: 20_000 });
  return sentence;
}

async function collect(run: Run, target: IsolationTarget, deadline: number): Promise<EvidenceFile[]> {
  const { cluster, environment, keeper } = run;
  const { namespace } = environment;
  const live = await readMarked(run, target, deadline);
  const read = (what: string, kind: (typeof kinds)[keyof typeof kinds], labelSelector?: string): Promise<ClusterObject[]> =>
    patiently(`list ${what}`, deadline, keeper.lost, () => cluster.list(kind, { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) }, keeper.lost)).then((found) => found.items);
  const pods = await read("its pods", kinds.pods, selectorText(live.selector));
  const sets = (await read("its ReplicaSets", kinds.replicaSets, selectorText(live.selector))).filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === live.object.metadata.uid));
  const about = new Set([live.object, ...sets, ...pods].map((object) => object.metadata.uid));
  const events = (await read("events", kinds.events)).filter((event) => about.has(text(fields(event["involvedObject"])["uid"]) ?? ""));
  return [
    file("workload.json", "workload", [live.object, ...sets]),
    file("pods.json", "pods", pods),
    file("events.json", "events", events.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)))),
    ...(await logsOf(run, pods)),
  ];
}

function timeOf(event: ClusterObject): string {
  return text(event["lastTimestamp"]) ?? text(event["eventTime"]) ?? event.metadata.creationTimestamp ?? "";
}

function file(name: string, kind: EvidenceFile["kind"], objects: readonly ClusterObject[]): EvidenceFile {
  return { name, kind, content: storable(JSON.stringify(objects.map(redacted), null, 1)) };
}

interface LogToRead {
  pod: string;
  container: string;
  previous: boolean;
}

async function logsOf(run: Run, pods: readonly ClusterObject[]): Promise<EvidenceFile[]> {
  const wanted = pods.flatMap((pod): LogToRead[] => {
    const statuses = [...list(fields(pod.status)["initContainerStatuses"]), ...list(fields(pod.status)["containerStatuses"])];
    return statuses.flatMap((status) => {
      const container = text(status["name"]);
      if (container === null) return [];
      const restarted = typeof status["restartCount"] === "number" && status["restartCount"] > 0;
      return [false, ...(restarted ? [true] : [])].map((previous) => ({ pod: pod.metadata.name, container, previous }));
    });
  });
  const files: EvidenceFile[] = [];
  for (let at = 0; at < wanted.length; at += logsAtOnce) files.push(...(await Promise.all(wanted.slice(at, at + logsAtOnce).map((log) => readLog(run, log)))));
  return files;
}

async function readLog(run: Run, { pod, container, previous }: LogToRead): Promise<EvidenceFile> {
  const name = `logs/${pod}/${container}${previous ? ".previous" : ""}.log`;
  const signal = AbortSignal.any([run.keeper.lost, AbortSignal.timeout(logMs)]);
  const lines: string[] = [];
  let note: string | null = null;
  try {
    for await (const line of run.cluster.podLog(run.environment.namespace, pod, { container, previous, follow: false, tailLines: maximumLogLines, timestamps: true }, signal)) lines.push(line);
    if (signal.aborted) note = `the rest did not come within ${logMs / 1000} s`;
  } catch (error) {
    if (run.keeper.lost.aborted) throw run.keeper.lost.reason;
    if (!(error instanceof ClusterError)) throw error;
    note = `${lines.length === 0 ? "it could not be read" : "the rest could not be read"}: ${error.message}`;
  }
  const { lines: shown, left } = lastLines(lines, maximumLogBytes);
  const head = left > 0 ? [`[${left} earlier lines are not kept]`] : lines.length >= maximumLogLines ? [`[only the last ${maximumLogLines} lines are kept]`] : [];
  return { name, kind: "logs", content: storable([...head, ...shown, ...(note === null ? [] : [`[${note}]`])].join("\n")) };
}

function count(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}
