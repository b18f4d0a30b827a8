import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { fields, list, text } from "#lib/domain/fold-read.ts";
import { configMapNames, declaredIrreversible, irreversibleKey, sealedVersion } from "#lib/domain/release.ts";

/** Whether the way back would work now: pure rules over what the records, the registry and the running templates say. */

export interface RecordFacts {
  number: number;
  contentHash: string;
  imagesHash: string;
  seenAt: Date;
  healthyAt: Date | null;
}

/**
 * The release a rollback goes to: of those seen in the environment before the one it runs, the one that was healthy last. Never what is in
 * quarantine, never what was not seen healthy. Null: there is none.
 */
export function returnRelease<R extends RecordFacts>(records: readonly R[], currentHash: string, quarantined: ReadonlySet<string>): R | null {
  const current = records.find((record) => record.contentHash === currentHash);
  if (current === undefined) return null;
  const candidates = records.filter((record) => record.contentHash !== currentHash && record.seenAt < current.seenAt && record.healthyAt !== null && !quarantined.has(record.imagesHash));
  return candidates.toSorted((a, b) => (b.healthyAt?.getTime() ?? 0) - (a.healthyAt?.getTime() ?? 0) || b.seenAt.getTime() - a.seenAt.getTime())[0] ?? null;
}

/**
 * The release a promotion is gone back from to: the one that ran before it if it was ever healthy, else the one that was healthy last among those seen
 * before the promotion began. Never what the promotion brought, never what is in quarantine.
 */
export function releaseBefore<R extends RecordFacts>(records: readonly R[], given: { promotedFrom: Date; ranBefore: number | null; broughtImages: string | null; current: string | null; quarantined: ReadonlySet<string> }): R | null {
  const candidates = records
    .filter((record) => record.seenAt < given.promotedFrom && record.healthyAt !== null && !given.quarantined.has(record.imagesHash) && record.imagesHash !== given.broughtImages)
    .toSorted((a, b) => (b.healthyAt?.getTime() ?? 0) - (a.healthyAt?.getTime() ?? 0));
  // The current record is what the promotion brought, unless nothing could be recorded since: then it is what ran before.
  return candidates.find((record) => record.number === given.ranBefore) ?? candidates.find((record) => record.contentHash !== given.current) ?? null;
}

/** Records whose changes a rollback would have to undo: seen after the one it goes to, up to the current one. */
export function recordsBetween<R extends RecordFacts>(records: readonly R[], target: RecordFacts, currentHash: string): R[] {
  const current = records.find((record) => record.contentHash === currentHash);
  if (current === undefined) return [];
  return records.filter((record) => record.contentHash !== target.contentHash && record.seenAt > target.seenAt && record.seenAt <= current.seenAt);
}

/** Declarations of the Big Pods of one record. */
export function irreversibleOf(bigPods: Readonly<Record<string, SealedBigPod>>): { bigPod: string; text: string }[] {
  return Object.entries(bigPods).flatMap(([bigPod, sealed]) => {
    const said = sealed.irreversible ?? declaredIrreversible(sealed.template["metadata"]);
    return said === null ? [] : [{ bigPod, text: said }];
  });
}

export interface Finding {
  verdict: "ready" | "not-ready" | "unsure";
  sentence: string;
}

const ready: Finding = { verdict: "ready", sentence: "" };

/**
 * Irreversible migrations of any release between the one a rollback goes to and the current one. What the target itself declares is not undone by going
 * to it, so what it carries on (the same label with the same text) is no obstacle.
 */
export function judgeIrreversible(target: Readonly<Record<string, SealedBigPod>>, between: readonly { number: number; bigPods: Readonly<Record<string, SealedBigPod>> }[], live: readonly { bigPod: string; text: string }[] = []): Finding {
  const kept = irreversibleOf(target);
  const isKept = (one: { bigPod: string; text: string }): boolean => kept.some((known) => known.bigPod === one.bigPod && known.text === one.text);
  const found = [...between.flatMap(({ number, bigPods }) => irreversibleOf(bigPods).map((one) => ({ ...one, release: `R-${number}` }))), ...live.map((one) => ({ ...one, release: "what runs now" }))];
  const first = found.find((one) => !isKept(one));
  return first === undefined ? ready : { verdict: "not-ready", sentence: `${first.bigPod} of ${first.release} cannot be undone (${irreversibleKey}): ${first.text}` };
}

/** ConfigMaps the record could not keep, and those its template reads but that were not there when it was recorded. `current`: what runs now. */
export function judgeConfigMaps(target: Readonly<Record<string, SealedBigPod>>, current: Readonly<Record<string, SealedBigPod>>): Finding[] {
  return Object.entries(target).flatMap(([bigPod, sealed]): Finding[] => {
    const now = current[bigPod]?.tooLarge ?? [];
    const large = (sealed.tooLarge ?? []).filter((one) => !now.some((same) => same.name === one.name && same.hash === one.hash));
    const kept = new Set([...sealed.configMaps, ...(sealed.tooLarge ?? [])].map((map) => map.name));
    const optional = optionalConfigMaps(sealed.template);
    const lacking = configMapNames(sealed.template).filter((name) => !kept.has(name) && !optional.has(name));
    return [
      ...large.map((one): Finding => ({ verdict: "not-ready", sentence: `ConfigMap ${one.name} of ${bigPod} was too large to keep (${Math.ceil(one.bytes / 1024)} KiB; a release keeps 1 MiB a Big Pod) and has changed since: it would stay as it is today` })),
      ...lacking.map((name): Finding => ({ verdict: "unsure", sentence: `ConfigMap ${name}, which ${bigPod} reads, was not there when the release was recorded` })),
    ];
  });
}

function optionalConfigMaps(template: Readonly<Record<string, unknown>>): Set<string> {
  return new Set(references(template, "configMapRef", "configMapKeyRef", "configMap", "name").filter((one) => one.optional).map((one) => one.name));
}

export interface SecretUse {
  name: string;
  /** Null: the whole Secret. */
  key: string | null;
}

/** Secrets a pod template cannot start without: env, envFrom, volumes, projected volumes, pull secrets. Optional ones are left out. */
export function neededSecrets(template: Readonly<Record<string, unknown>>): SecretUse[] {
  const pull = list(fields(template["spec"])["imagePullSecrets"]).flatMap((one) => text(one["name"]) ?? []);
  const uses = [...references(template, "secretRef", "secretKeyRef", "secret", "secretName").filter((one) => !one.optional), ...pull.map((name) => ({ name, key: null }))];
  return uses.map(({ name, key }) => ({ name, key })).filter((use, index, all) => all.findIndex((one) => one.name === use.name && one.key === use.key) === index);
}

function references(template: Readonly<Record<string, unknown>>, from: string, keyRef: string, volume: string, volumeName: string): { name: string; key: string | null; optional: boolean }[] {
  const spec = fields(template["spec"]);
  const found: { name: string; key: string | null; optional: boolean }[] = [];
  const add = (value: unknown, nameField: string): void => {
    const reference = fields(value);
    const name = text(reference[nameField]);
    if (name !== null) found.push({ name, key: text(reference["key"]), optional: reference["optional"] === true });
  };
  for (const container of [...list(spec["initContainers"]), ...list(spec["containers"])]) {
    for (const source of list(container["envFrom"])) add(source[from], "name");
    for (const variable of list(container["env"])) add(fields(variable["valueFrom"])[keyRef], "name");
  }
  for (const one of list(spec["volumes"])) {
    add(one[volume], volumeName);
    for (const source of list(fields(one["projected"])["sources"])) add(source[volume], "name");
  }
  return found;
}

/**
 * Vigie may not read Secrets. What a Big Pod that is healthy now refers to is there; of anything else nobody can say, and the sentence names it.
 */
export function judgeSecrets(target: Readonly<Record<string, SealedBigPod>>, runningHealthy: readonly Readonly<Record<string, unknown>>[]): Finding[] {
  const there = runningHealthy.flatMap(neededSecrets);
  const known = (use: SecretUse): boolean => there.some((one) => one.name === use.name && (use.key === null || one.key === use.key));
  return Object.entries(target).flatMap(([bigPod, sealed]) =>
    neededSecrets(sealed.template)
      .filter((use) => !known(use))
      .map((use): Finding => ({ verdict: "unsure", sentence: `whether the Secret ${use.name}${use.key === null ? "" : ` still has the key ${use.key}`}${use.key === null ? " is still there" : ""} is not known: ${bigPod} needs it, nothing healthy uses it now, and Vigie may not read Secrets` })),
  );
}

/** Whether a rollback is one switch: every Big Pod that differs has its old colour standing ready. Until when; null when it is not. */
export function oneSwitch(target: Readonly<Record<string, SealedBigPod>>, current: Readonly<Record<string, SealedBigPod>>, states: readonly BigPodState[]): { until: string | null } | null {
  const differing = Object.entries(target).filter(([bigPod, sealed]) => sealed.images.map((image) => image.digest).join() !== (current[bigPod]?.images ?? []).map((image) => image.digest).join());
  if (differing.length === 0) return null;
  const standing = differing.map(([bigPod, sealed]) => {
    const standby = states.find((state) => state.bigPod === bigPod)?.colour?.standby;
    return standby !== undefined && standby.replicas > 0 && standby.ready >= standby.replicas && standby.version === sealedVersion(sealed) ? standby : null;
  });
  if (standing.some((standby) => standby === null)) return null;
  const ends = standing.flatMap((standby) => standby?.until ?? []).toSorted();
  return { until: ends[0] ?? null };
}

const order: readonly Finding["verdict"][] = ["not-ready", "unsure", "ready"];

/** One answer out of all findings: the worst verdict, with its sentences. */
export function readiness(release: number | null, findings: readonly Finding[], quick: { until: string | null } | null): Finding {
  if (release === null) return { verdict: "not-ready", sentence: "There is no way back: no earlier release was seen healthy here." };
  const worst = order.find((verdict) => findings.some((finding) => finding.verdict === verdict)) ?? "ready";
  if (worst === "ready") return { verdict: "ready", sentence: `Ready to roll back to R-${release}${quick === null ? "" : ` by one switch${quick.until === null ? "" : ` until ${quick.until}`}`}.` };
  const why = [...new Set(findings.filter((finding) => finding.verdict === worst).map((finding) => finding.sentence.replace(/[.]$/, "")))];
  const shown = why.slice(0, 3).join("; ") + (why.length > 3 ? `; and ${why.length - 3} more` : "");
  return { verdict: worst, sentence: worst === "not-ready" ? `Not ready to roll back to R-${release}: ${shown}.` : `A rollback to R-${release} may not work: ${shown}.` };
}
