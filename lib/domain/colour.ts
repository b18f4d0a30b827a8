import type { BigPodConfig, EnvironmentConfig } from "#lib/contracts/config.ts";
import { fields, list, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { hashOf, normaliseTemplate } from "#lib/domain/release.ts";
import { parseImage } from "#lib/domain/fold-image.ts";
import type { RunningImage } from "#lib/contracts/state.ts";

/** The two colours of blue-green, and how they are told apart in a cluster. */
export const colours = ["blue", "green"] as const;
export type Colour = (typeof colours)[number];

/** Annotation of a Service: its whole selector as Vigie last wrote it, canonical JSON. Anything else in the selector is somebody else's. */
export const selectorAnnotation = "vigie.dev/selector";
/** The same as in lib/ports/cluster.ts: the operation that wrote an object last. */
export const operationAnnotation = "vigie.dev/operation";
/** Annotation of the Service that serves: until when the other colour is kept (ISO 8601). */
export const standbyUntilAnnotation = "vigie.dev/standby-until";

export function otherColour(colour: Colour): Colour {
  return colour === "blue" ? "green" : "blue";
}

export interface ColourNames {
  /** Label of pods and selectors. */
  label: string;
  workloads: Readonly<Record<Colour, string>>;
  service: string;
  previewService: string;
}

/** Names of a Big Pod's objects under blue-green: those of the configuration, else made from the workload's name. */
export function colourNames({ workload, blueGreen }: BigPodConfig): ColourNames {
  return {
    label: blueGreen?.label ?? "vigie.dev/colour",
    workloads: { blue: blueGreen?.blue ?? `${workload.name}-blue`, green: blueGreen?.green ?? `${workload.name}-green` },
    service: blueGreen?.service ?? workload.name,
    previewService: blueGreen?.previewService ?? `${workload.name}-preview`,
  };
}

export function isBlueGreen(environment: EnvironmentConfig): boolean {
  return environment.policy.strategy.kind === "blue-green";
}

/** The Big Pods as their workloads are named in an environment: under blue-green each stands twice, once per colour. */
export function bigPodsByWorkload(environment: EnvironmentConfig, bigPods: readonly BigPodConfig[]): BigPodConfig[] {
  if (!isBlueGreen(environment)) return [...bigPods];
  return bigPods.flatMap((bigPod) => colours.map((colour) => ofColour(bigPod, colour)));
}

/** A Big Pod's configuration with one colour's Deployment as its workload. */
export function ofColour(bigPod: BigPodConfig, colour: Colour): BigPodConfig {
  return { ...bigPod, workload: { ...bigPod.workload, name: colourNames(bigPod).workloads[colour] } };
}

export function selectorOf(service: RawObject): Record<string, string> {
  return Object.fromEntries(Object.entries(fields(fields(service.spec)["selector"])).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** The colour that a Service's selector names; the word itself when it is none of the two; null when it names none. */
export function selectedColour(service: RawObject, label: string): Colour | { unknown: string } | null {
  const value = selectorOf(service)[label];
  if (value === undefined) return null;
  return colours.find((colour) => colour === value) ?? { unknown: value };
}

/** A selector as one text, whatever the order of its keys. */
export function selectorText(selector: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(selector).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

/** Whether a Service's selector is still as Vigie wrote it last. True, too, when Vigie never wrote it. */
export function selectorAsLeft(service: RawObject): boolean {
  const left = service.metadata.annotations?.[selectorAnnotation];
  return left === undefined || left === selectorText(selectorOf(service));
}

/** Who owns a selector's colour now, by managedFields; null when the server does not tell. Its owner is whoever set the value that stands. */
export function selectorOwner(service: RawObject, label: string): string | null {
  const owners = (service.metadata.managedFields ?? []).filter((entry) => `f:${label}` in fields(fields(fields(fields(entry.fieldsV1)["f:spec"])["f:selector"])));
  return owners.toSorted((a, b) => (b.time ?? "").localeCompare(a.time ?? ""))[0]?.manager ?? null;
}

/** Name of the Deployment that an autoscaler scales; null when it scales something else. */
export function scaledDeployment(autoscaler: RawObject): string | null {
  const target = fields(fields(autoscaler.spec)["scaleTargetRef"]);
  return target["kind"] === "Deployment" ? text(target["name"]) : null;
}

type Template = Record<string, unknown>;

/** A pod template in one colour: its label says so. */
export function withColour(template: Readonly<Template>, label: string, colour: Colour): Template {
  const metadata = fields(template["metadata"]);
  return { ...template, metadata: { ...metadata, labels: { ...fields(metadata["labels"]), [label]: colour } } };
}

export function withoutColour(template: Readonly<Template>, label: string): Template {
  const metadata = fields(template["metadata"]);
  const { [label]: _colour, ...labels } = fields(metadata["labels"]);
  return { ...template, metadata: { ...metadata, labels } };
}

/** A colour's Deployment as releases record it: the name both share, and no colour, so that one release is the same in blue and in green. */
export function withoutColourOf<T extends RawObject>(workload: T, name: string, label: string): T {
  const spec = fields(workload.spec);
  return { ...workload, metadata: { ...workload.metadata, name }, spec: { ...spec, template: withoutColour(fields(spec["template"]), label) } };
}

/**
 * Identity of what a template makes run: SHA-256 (hex) over it without colour, restart marks and tags. Images without a digest are looked up in `running`.
 * Null when a digest is known nowhere.
 */
export function templateIdentity(template: Readonly<Template>, label: string, running: readonly Pick<RunningImage, "container" | "digest">[] = []): string | null {
  let unknown = false;
  const neutral = normaliseTemplate(withoutColour(template, label), (container, reference) => {
    const { repository, digest } = parseImage(reference);
    const known = digest ?? running.find((image) => image.container === container)?.digest ?? null;
    if (known === null) unknown = true;
    return known === null ? reference : `${repository}@${known}`;
  });
  if (list(fields(neutral["spec"])["containers"]).length === 0) return null;
  return unknown ? null : hashOf(neutral);
}
