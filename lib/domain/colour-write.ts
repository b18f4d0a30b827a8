import type { PlanTarget } from "#lib/contracts/operation.ts";
import { otherColour, selectedColour, withColour } from "#lib/domain/colour.ts";
import type { Colour } from "#lib/domain/colour.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { restartMark, restartNeeded } from "#lib/domain/operation-write.ts";
import type { LiveWorkload } from "#lib/domain/operation-write.ts";
import { restartAnnotation, sameTemplate, withImages, withoutRestartMarks } from "#lib/domain/template-diff.ts";

/** What to do with a Deployment or a Service that was just read, so that it becomes as wanted. */
export type ColourDecision<T> = { do: "nothing"; why: string } | ({ do: "write" } & T) | { do: "stop"; why: string };

/**
 * What the idle colour shall run: what the serving one runs with other images, or what is recorded; in the idle colour. From the serving one's template,
 * not from the idle one's, which is as old as the switch before last.
 */
export function composedTemplate(target: PlanTarget, serving: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { colour, write } = target;
  const base = write.effect === "restore" ? write.template : withoutRestartMarks(write.effect === "images" ? withImages(serving, write.images) : serving);
  return colour === null ? base : withColour(base, colour.label, otherColour(colour.active));
}

/** Idle colour: from `before` to the composed template on as many pods as serve. `write` is a restore by then (colour-check.ts). */
export function raiseDecision(target: PlanTarget, live: LiveWorkload, mark: string): ColourDecision<{ template: Record<string, unknown>; replicas: number }> {
  const { write, before, colour } = target;
  if (write.effect !== "restore" || colour === null) return { do: "nothing", why: "its template stays as it is" };
  const restart = restartNeeded(target);
  const arrived = sameTemplate(live.template, write.template) && (!restart || restartMark(live.template) === mark);
  if (arrived && live.replicas === colour.replicas) return { do: "nothing", why: sameTemplate(before.template, write.template) && before.replicas === colour.replicas && !restart ? "it already is as wanted: not touched" : "already brought up" };
  if (!arrived && !sameTemplate(live.template, before.template)) return { do: "stop", why: "it was changed by somebody else meanwhile" };
  if (live.replicas !== before.replicas && live.replicas !== colour.replicas) return { do: "stop", why: `it was scaled to ${live.replicas} by somebody else meanwhile` };
  return { do: "write", template: arrived ? live.template : restart ? withRestartMark(write.template, mark) : write.template, replicas: colour.replicas };
}

/** Idle colour: back to what it was. What was never written is left alone, and so is what somebody else wrote since; only the number of pods is taken back whoever set it. */
export function unraiseDecision(target: PlanTarget, live: LiveWorkload, mark: string): ColourDecision<{ template: Record<string, unknown>; replicas: number }> {
  const { write, before } = target;
  if (write.effect !== "restore") return { do: "nothing", why: "its template was not touched" };
  const marked = restartMark(live.template) === mark;
  const asBefore = sameTemplate(live.template, before.template) && !marked;
  if (asBefore && live.replicas === before.replicas) return { do: "nothing", why: "it is as it was before" };
  if (!asBefore && !sameTemplate(live.template, write.template)) return { do: "stop", why: "it was changed by somebody else meanwhile" };
  return { do: "write", template: before.template, replicas: before.replicas };
}

/**
 * A Service on its way from one colour to the other. `ours` says whether this operation wrote it last: a switch that somebody else made in the same
 * moment is theirs, and is neither claimed nor undone.
 */
export function switchDecision(service: RawObject, label: string, from: Colour, to: Colour, ours: boolean): ColourDecision<{ colour: Colour }> {
  const now = selectedColour(service, label);
  if (now === to) return ours ? { do: "nothing", why: `it leads to ${to}` } : { do: "stop", why: `it was switched to ${to} by somebody else meanwhile` };
  if (now === from) return { do: "write", colour: to };
  return { do: "stop", why: now === null ? `its selector names no ${label} any more` : `its selector names ${typeof now === "object" ? now.unknown : now}` };
}

function withRestartMark(template: Readonly<Record<string, unknown>>, mark: string): Record<string, unknown> {
  const metadata = asObject(template["metadata"]);
  return { ...template, metadata: { ...metadata, annotations: { ...asObject(metadata["annotations"]), [restartAnnotation]: mark } } };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}; // narrowed just before
}
