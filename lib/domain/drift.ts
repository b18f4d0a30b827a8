import type { DriftContent } from "#lib/contracts/drift.ts";
import type { PlanTarget } from "#lib/contracts/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { imageVersion, parseImage, pinnedImage } from "#lib/domain/fold-image.ts";
import { templateOf } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { hashOf, normaliseTemplate, readConfigMaps } from "#lib/domain/release.ts";
import { configMapChanges, templateChanges, templateImages, withImages } from "#lib/domain/template-diff.ts";

/** What is wanted of a Big Pod. Null parts: Vigie never applied them, so they cannot drift. */
export interface Wanted {
  content: DriftContent | null;
  replicas: number | null;
}

/** What runs. `replicas` null: an autoscaler decides them, or nobody can say whether one does. */
export interface Seen {
  content: DriftContent;
  replicas: number | null;
}

/** More than this many lines help nobody; the last one says how many were left out. */
const mostLines = 12;

/**
 * Whether it can be said now what runs: not before the controller has taken up the newest spec, and not in the middle of a rollout, unless that has failed and will
 * stay as it is.
 */
export function isSteady(state: BigPodState, workload: RawObject): boolean {
  if (state.workload === null || state.workload.uid !== workload.metadata.uid || state.workload.generation !== (workload.metadata.generation ?? 0)) return false;
  return state.rollout === null || state.status === "broken";
}

/** A workload as it runs: images pinned to the digest that its pods report, where they run what the template asks for. */
export function seenOf(workload: RawObject, state: BigPodState, configMap: (name: string) => RawObject | undefined, autoscaled: boolean | null): Seen {
  const template = normaliseTemplate(templateOf(workload), (container, reference) => {
    const running = state.images.find((image) => image.container === container && image.reference === reference);
    return running === undefined || running.digest === null ? reference : pinnedImage({ ...running, digest: running.digest });
  });
  const { configMaps, tooLarge } = readConfigMaps(template, configMap);
  return { content: { template, configMaps, ...(tooLarge.length > 0 ? { tooLarge } : {}) }, replicas: autoscaled === false ? state.replicas.desired : null };
}

/** Identity of what was seen (SHA-256, hex). */
export function markOfSeen(seen: Seen): string {
  return hashOf(seen);
}

/** The pod template that a successful operation has written to a target; null when it wrote none, or what it wrote depends on the colour. */
export function intendedTemplate({ write, before, colour }: PlanTarget): Record<string, unknown> | null {
  if (colour !== null) return null;
  if (write.effect === "images") return normaliseTemplate(withImages(before.template, write.images));
  return write.effect === "restore" ? normaliseTemplate(write.template) : null;
}

/**
 * What differs between what is wanted and what runs, wanted first: images by digest, the rest of the template by path, ConfigMaps by key, replicas where nobody else
 * decides them. Empty: no drift. An image whose digest nobody knows yet is no difference as long as repository and tag are the same.
 */
export function driftOf(wanted: Wanted, seen: Seen): string[] {
  const lines = wanted.content === null ? [] : contentDifferences(wanted.content, seen.content);
  if (wanted.replicas !== null && seen.replicas !== null && wanted.replicas !== seen.replicas) lines.push(`${wanted.replicas} → ${seen.replicas} replicas`);
  return lines.length <= mostLines ? lines : [...lines.slice(0, mostLines - 1), `and ${lines.length - mostLines + 1} more`];
}

/** Differences of template and ConfigMaps alone. */
export function contentDifferences(wanted: DriftContent, seen: DriftContent): string[] {
  const [before, after] = [templateImages(wanted.template), templateImages(seen.template)];
  const images = Object.keys(before).flatMap((container) => {
    const [from, to] = [before[container], after[container]];
    return from === undefined || to === undefined || sameImage(from, to) ? [] : [`${container} ${imageWords(from, to)}`];
  });
  const large = (seen.tooLarge ?? []).flatMap(({ name, hash }) => ((wanted.tooLarge ?? []).some((one) => one.name === name && one.hash !== hash) ? [`${name}: changed`] : []));
  return [...images, ...templateChanges(wanted.template, seen.template, mostLines), ...configDifferences(wanted.configMaps, seen.configMaps), ...large];
}

function configDifferences(wanted: DriftContent["configMaps"], seen: DriftContent["configMaps"]): string[] {
  const gone = wanted.filter(({ name }) => !seen.some((one) => one.name === name)).map(({ name }) => `${name}: gone`);
  const kept = seen.filter(({ name }) => wanted.some((one) => one.name === name));
  return [...configMapChanges(wanted, kept), ...gone];
}

function sameImage(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [parseImage(a), parseImage(b)];
  if (left.digest !== null && right.digest !== null) return left.digest === right.digest;
  return left.repository === right.repository && left.tag === right.tag;
}

function imageWords(from: string, to: string): string {
  const [left, right] = [parseImage(from), parseImage(to)];
  if (left.repository !== right.repository) return `${left.repository}:${imageVersion(left) ?? "?"} → ${right.repository}:${imageVersion(right) ?? "?"}`;
  const [before, after] = [imageVersion(left) ?? "?", imageVersion(right) ?? "?"];
  return before === after ? `${before}, another image under the same tag` : `${before} → ${after}`;
}
