import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { ReleaseContent, SealedBigPod, SealedImage } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { parseImage, pinnedImage } from "#lib/domain/fold-image.ts";
import { fields, list, templateOf, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";

type Fields = Record<string, unknown>;

/** Label or annotation, on a workload or its pod template, by which a release says that a migration of it cannot be undone. */
export const irreversibleKey = "vigie.dev/irreversible";

/** ConfigMaps of one Big Pod are kept up to this size together, in bytes of JSON; one that does not fit is known by its hash only. */
export const keptConfigMapBytes = 1_048_576;

/** Annotations that say "start again" or who wrote: they make a new ReplicaSet, but not another release. What a release says of itself stays. */
export function isPassingAnnotation(key: string): boolean {
  if (key === irreversibleKey) return false;
  return /(^|\/)restarted-?at$/i.test(key) || key.startsWith("vigie.dev/");
}

/** Hex SHA-256 over RFC 8785 canonical JSON. Throws TypeError on what JSON cannot hold (NaN, lone surrogates). */
export function hashOf(value: unknown): string {
  const bytes = canonicalize(value);
  if (bytes === undefined || !bytes.isWellFormed()) throw new TypeError("This value has no canonical JSON");
  return createHash("sha256").update(bytes, "utf8").digest("hex");
}

/** A pod template without what differs from start to start: restart and operation annotations, creationTimestamp, the hash label. */
export function normaliseTemplate(template: Fields, imageOf: (container: string, reference: string) => string = (_name, reference) => reference): Fields {
  const metadata = fields(template["metadata"]);
  const { creationTimestamp: _created, annotations: rawAnnotations, labels: rawLabels, ...restOfMetadata } = metadata;
  const annotations = Object.fromEntries(Object.entries(fields(rawAnnotations)).filter(([key]) => !isPassingAnnotation(key)));
  const { "pod-template-hash": _hash, ...labels } = fields(rawLabels);
  const spec = fields(template["spec"]);
  const pin = (containers: unknown): Fields[] =>
    list(containers).map((c) => {
      const image = text(c["image"]);
      return image === null ? c : { ...c, image: imageOf(text(c["name"]) ?? "", image) };
    });
  return {
    ...template,
    metadata: { ...restOfMetadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}), ...(Object.keys(labels).length > 0 ? { labels } : {}) },
    spec: { ...spec, containers: pin(spec["containers"]), ...(spec["initContainers"] === undefined ? {} : { initContainers: pin(spec["initContainers"]) }) },
  };
}

/** Names of the ConfigMaps a pod template reads: envFrom, env.valueFrom, volumes, projected volumes; in order of the alphabet. */
export function configMapNames(template: Fields): string[] {
  const spec = fields(template["spec"]);
  const names = new Set<string>();
  const add = (value: unknown): void => {
    const name = text(fields(value)["name"]);
    if (name !== null) names.add(name);
  };
  for (const container of [...list(spec["containers"]), ...list(spec["initContainers"]), ...list(spec["ephemeralContainers"])]) {
    for (const source of list(container["envFrom"])) add(source["configMapRef"]);
    for (const variable of list(container["env"])) add(fields(variable["valueFrom"])["configMapKeyRef"]);
  }
  for (const volume of list(spec["volumes"])) {
    add(volume["configMap"]);
    for (const source of list(fields(volume["projected"])["sources"])) add(source["configMap"]);
  }
  return [...names].sort();
}

/** Only the string entries of an object, as ConfigMaps have them. */
function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(fields(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

export function configMapContent(object: RawObject): { name: string; data: Record<string, string>; binaryData: Record<string, string> } {
  return { name: object.metadata.name, data: strings(object["data"]), binaryData: strings(object["binaryData"]) };
}

/**
 * Whether what runs can be sealed: the rollout is complete and every container's digest is known. A Big Pod that is broken but complete is sealed too:
 * it ran. One that was never created (unknown, no workload) is left out of its environment's release.
 */
export function isSettled(state: BigPodState): boolean {
  if (state.workload === null) return state.status === "unknown";
  return state.rollout === null && state.replicas.updated >= state.replicas.desired && state.images.length > 0 && state.images.every((image) => image.digest !== null);
}

/**
 * Seals one Big Pod. ConfigMaps that are referred to but absent are left out (optional references). Throws TypeError when a digest is not known:
 * ask isSettled first.
 */
export function sealBigPod(workload: RawObject, state: BigPodState, configMap: (name: string) => RawObject | undefined): SealedBigPod {
  const images = state.images.map((image): SealedImage => {
    if (image.digest === null) throw new TypeError(`The digest of ${image.container} in ${state.bigPod} is not known`);
    return { container: image.container, repository: image.repository, tag: image.tag, digest: image.digest, revision: null, source: null };
  });
  const template = normaliseTemplate(templateOf(workload), (container, reference) => {
    const sealed = images.find((i) => i.container === container);
    return sealed && parseImage(reference).repository === sealed.repository ? pinnedImage(sealed) : reference;
  });
  const { configMaps, tooLarge } = readConfigMaps(template, configMap);
  const irreversible = declaredIrreversible(fields(template)["metadata"]) ?? declaredIrreversible(workload.metadata);
  return {
    workload: { kind: "Deployment", name: workload.metadata.name, uid: workload.metadata.uid }, images, template, configMaps,
    ...(tooLarge.length > 0 ? { tooLarge } : {}), ...(irreversible === null ? {} : { irreversible }),
  };
}

/** Contents of the ConfigMaps that a template reads; of those that are too large together, the larger by their hash only. Absent ones are left out. */
export function readConfigMaps(template: Fields, configMap: (name: string) => RawObject | undefined): { configMaps: SealedBigPod["configMaps"]; tooLarge: NonNullable<SealedBigPod["tooLarge"]> } {
  return keepable(configMapNames(template).flatMap((name) => configMap(name) ?? []).map(configMapContent));
}

/** The smaller ones first, as many as fit: a huge one must not take the others' place. */
function keepable(found: SealedBigPod["configMaps"]): { configMaps: SealedBigPod["configMaps"]; tooLarge: NonNullable<SealedBigPod["tooLarge"]> } {
  const sized = found.map((content) => ({ content, bytes: Buffer.byteLength(JSON.stringify(content), "utf8") })).toSorted((a, b) => a.bytes - b.bytes);
  const fits = new Set<string>();
  let sum = 0;
  for (const { content, bytes } of sized) {
    sum += bytes;
    if (sum <= keptConfigMapBytes) fits.add(content.name);
  }
  const tooLarge = sized.filter(({ content }) => !fits.has(content.name)).map(({ content, bytes }) => ({ name: content.name, bytes, hash: hashOf(content) }));
  return { configMaps: found.filter((content) => fits.has(content.name)), tooLarge };
}

/** What a label or annotation `vigie.dev/irreversible` in some metadata says; null when there is none, or it says "false". */
export function declaredIrreversible(metadata: unknown): string | null {
  const { labels, annotations } = fields(metadata);
  for (const place of [annotations, labels]) {
    const value = fields(place)[irreversibleKey];
    if (typeof value === "string" && value !== "false") return value.trim() === "" || value === "true" ? "it is declared irreversible" : value.slice(0, 200);
  }
  return null;
}

function withoutTag(reference: string): string {
  const { repository, tag, digest } = parseImage(reference);
  return digest === null ? reference : tag === null && digest !== null ? reference : `${repository}@${digest}`;
}

/**
 * Identity of a release record. Left out of the hash: tags (names of a digest), revision and source (knowledge of the registry, which may come later),
 * and the workload's uid (the same content in a workload that was created again is the same release).
 */
export function contentHash(content: ReleaseContent): string {
  const bigPods = Object.fromEntries(
    Object.entries(content.bigPods).map(([name, sealed]) => [
      name,
      {
        workload: { kind: sealed.workload.kind, name: sealed.workload.name },
        images: sealed.images.map(({ container, repository, digest }) => ({ container, repository, digest })),
        template: normaliseTemplate(sealed.template, (_container, reference) => withoutTag(reference)),
        configMaps: sealed.configMaps,
        ...(sealed.tooLarge === undefined || sealed.tooLarge.length === 0 ? {} : { tooLarge: sealed.tooLarge }),
      },
    ]),
  );
  return hashOf({ environment: content.environment, bigPods });
}

/** Identity of a set of images, whatever the environment: per Big Pod container → digest. */
export function imagesHash(content: ReleaseContent): string {
  return hashOf(Object.fromEntries(Object.entries(content.bigPods).map(([name, sealed]) => [name, Object.fromEntries(sealed.images.map((i) => [i.container, i.digest]))])));
}

/** Version of a sealed Big Pod for lists: the tag most of its images share, the earlier winning a tie. */
export function sealedVersion(sealed: SealedBigPod): string | null {
  const votes = new Map<string, number>();
  for (const image of sealed.images) if (image.tag !== null) votes.set(image.tag, (votes.get(image.tag) ?? 0) + 1);
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? sealed.images[0]?.digest.slice(0, 19) ?? null;
}

/**
 * The number of a release that is seen in an environment. `recorded`: number of the record with this very content there, if any. `sameImages`: numbers whose
 * images are these and that have no record in this environment yet; `preferred` is the one an operation set out to bring.
 * Null: a new number.
 */
export function chooseNumber(recorded: number | null, sameImages: readonly number[], preferred: number | null): number | null {
  if (recorded !== null) return recorded;
  if (preferred !== null && sameImages.includes(preferred)) return preferred;
  return sameImages.length === 0 ? null : Math.max(...sameImages);
}
