"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { incidentAssignSchema, incidentMergeSchema, incidentNoteSchema, incidentOpenSchema, incidentResolveSchema } from "#lib/contracts/incident.ts";
import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import { acknowledgeIncident as acknowledge } from "#lib/services/incident/acknowledge.ts";
import { assignIncident as assign } from "#lib/services/incident/assign.ts";
import { mergeIncident as merge } from "#lib/services/incident/merge.ts";
import { noteIncident as note } from "#lib/services/incident/note.ts";
import { openIncident as open } from "#lib/services/incident/open.ts";
import { resolveIncident as resolve } from "#lib/services/incident/resolve.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

const numberSchema = z.int().positive();

/** Opens an incident by hand. */
export async function openIncident(body: z.input<typeof incidentOpenSchema>): Promise<ActionResult<IncidentSummary>> {
  return answer("open an incident", (context, actor) => open(context, actor, parsed(incidentOpenSchema.safeParse(body))));
}

/** Says that somebody looks at it. */
export async function acknowledgeIncident(number: number): Promise<ActionResult<IncidentSummary>> {
  return answer("acknowledge an incident", (context, actor) => acknowledge(context, actor, parsed(numberSchema.safeParse(number))));
}

/** Says who is on it: "me", an id or e-mail address, or nobody. */
export async function assignIncident(number: number, body: z.input<typeof incidentAssignSchema>): Promise<ActionResult<IncidentSummary>> {
  return answer("assign an incident", (context, actor) => assign(context, actor, parsed(numberSchema.safeParse(number)), parsed(incidentAssignSchema.safeParse(body))));
}

/** Adds a note to its timeline. */
export async function noteIncident(number: number, body: z.input<typeof incidentNoteSchema>): Promise<ActionResult<IncidentSummary>> {
  return answer("note something on an incident", (context, actor) => note(context, actor, parsed(numberSchema.safeParse(number)), parsed(incidentNoteSchema.safeParse(body))));
}

/** Calls it resolved. */
export async function resolveIncident(number: number, body: z.input<typeof incidentResolveSchema>): Promise<ActionResult<IncidentSummary>> {
  return answer("resolve an incident", (context, actor) => resolve(context, actor, parsed(numberSchema.safeParse(number)), parsed(incidentResolveSchema.safeParse(body))));
}

/** Says that it is part of another one. */
export async function mergeIncident(number: number, body: z.input<typeof incidentMergeSchema>): Promise<ActionResult<IncidentSummary>> {
  return answer("merge an incident", (context, actor) => merge(context, actor, parsed(numberSchema.safeParse(number)), parsed(incidentMergeSchema.safeParse(body))));
}
