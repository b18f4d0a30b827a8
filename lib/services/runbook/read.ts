import { z } from "zod";
import type { Runbook, Signal } from "#lib/contracts/incident.ts";
import type { Database, Transaction } from "#lib/db/client.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { fillRunbookUrl, isRunbookName, kebabCase, parseRunbook, runbookLink } from "#lib/domain/runbook.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** An incident of many alerts has few kinds of them; more runbooks than this nobody reads. */
const mostRunbooks = 10;

/** Of an entry of kind "runbook": what was ticked or unticked. The text says which step was meant, should the file change. */
export const tickDataSchema = z.object({ runbook: z.string(), index: z.int(), text: z.string(), ticked: z.boolean() });
export type TickData = z.infer<typeof tickDataSchema>;

type Ticks = Map<string, { by: string; at: string }>;
export const stepKey = ({ runbook, index, text }: Omit<TickData, "ticked">): string => JSON.stringify([runbook, index, text]);

/**
 * The runbooks of signals, without repeats: the file that an alert's annotation `runbook` or its name in kebab-case names, its `runbook_url`, or runbooks.url
 * filled in. A runbook that is missing or may not be linked says so in `trouble`. `incidentId`: whose ticks are shown; none without it.
 */
export async function readRunbooks(context: ServiceContext, { signals, incidentId = null }: { signals: readonly Pick<Signal, "kind" | "title" | "labels" | "annotations">[]; incidentId?: string | null }): Promise<Runbook[]> {
  const ticks = incidentId === null ? new Map() : await readTicks(context.db, incidentId);
  const found = new Map<string, Runbook>();
  for (const signal of signals) {
    if (found.size >= mostRunbooks) break;
    for (const runbook of await runbooksOf(context, signal, ticks)) if (!found.has(runbook.name)) found.set(runbook.name, runbook);
  }
  return [...found.values()].slice(0, mostRunbooks);
}

/** Current ticks of an incident: of each step the newest entry counts. */
export async function readTicks(db: Database | Transaction, incidentId: string): Promise<Ticks> {
  const entries = await db.incidentEntryRow.findMany({ where: { incidentId, kind: "runbook" }, orderBy: { id: "asc" }, select: { at: true, actor: true, data: true } });
  const ticks: Ticks = new Map();
  for (const { at, actor, data } of entries) {
    const tick = tickDataSchema.safeParse(data);
    if (!tick.success) continue;
    if (tick.data.ticked) ticks.set(stepKey(tick.data), { by: z.object({ name: z.string() }).safeParse(actor).data?.name ?? "somebody", at: at.toISOString() });
    else ticks.delete(stepKey(tick.data));
  }
  return ticks;
}

async function runbooksOf(context: ServiceContext, { kind, title, labels, annotations }: Pick<Signal, "kind" | "title" | "labels" | "annotations">, ticks: Ticks): Promise<Runbook[]> {
  const { allow, url: template, folder } = context.config.runbooks;
  const named = annotations.runbook?.trim() || null;
  const alert = kind === "alert" ? (labels.alertname ?? title) : null;
  const usual = { alert: alert === null ? "" : kebabCase(alert), blind: "monitoring-is-blind", health: "big-pod-is-broken", operation: "operation-failed" }[kind];
  const name = named ?? usual;
  const result: Runbook[] = [];
  const address = annotations.runbook_url?.trim();
  if (address !== undefined && address !== "") result.push(linked(name === "" ? title : name, address, allow));
  if (name !== "" && folder !== undefined) {
    const file = await fromFile(context, name, ticks);
    if (file !== null) return [file, ...result.map((link) => ({ ...link, name: `${link.name} (link)`.slice(0, 100) }))];
  }
  if (result.length > 0) return result;
  if (template !== undefined && (alert !== null || named !== null)) return [linked(name, fillRunbookUrl(template, { alert: alert ?? title, runbook: name }), allow)];
  // What nobody promised is not missed: a Big Pod that broke without an alert, or a platform without a folder.
  if (named === null && alert === null) return [];
  return folder === undefined ? [] : [troubled(name, `There is no runbook ${isRunbookName(name) ? `${name}.md` : `"${name.slice(0, 100)}" (a name is of letters, digits and dashes)`} in ${folder}. Write one, and the next incident has it.`)];
}

async function fromFile(context: ServiceContext, name: string, ticks: Ticks): Promise<Runbook | null> {
  let markdown: string | null;
  try {
    markdown = (await context.runbooks?.read(name)) ?? null;
  } catch (error) {
    if (!isVigieError(error)) throw error;
    return troubled(name, error.message);
  }
  if (markdown === null) return null;
  const { title, steps } = parseRunbook(markdown);
  return { name, title: title ?? name, markdown, url: null, steps: steps.map((step) => ({ ...step, ticked: ticks.get(stepKey({ runbook: name, ...step })) ?? null })), trouble: null };
}

function linked(name: string, address: string, allow: readonly string[]): Runbook {
  const link = runbookLink(address, allow);
  const shown = name.slice(0, 90);
  return { name: shown, title: shown, markdown: null, url: "url" in link ? link.url : null, steps: [], trouble: "refused" in link ? link.refused : null };
}

function troubled(name: string, trouble: string): Runbook {
  return { name: name.slice(0, 100), title: name.slice(0, 100), markdown: null, url: null, steps: [], trouble };
}
