import type { Actor } from "#lib/contracts/actor.ts";
import type { Panels, PanelState } from "#lib/contracts/grafana.ts";
import { isVigieError, VigieError } from "#lib/domain/error.ts";
import { dashboardPath, panelsOf, soloPath, withView } from "#lib/domain/grafana-panel.ts";
import type { PanelPlace } from "#lib/domain/grafana-panel.ts";
import type { GrafanaApi } from "#lib/ports/grafana.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { placeOf } from "#lib/services/grafana/place.ts";

/** Whether a panel may be framed changes when somebody changes Grafana: asked again this often at most. */
const keptMs = 10_000;
const kept = new WeakMap<GrafanaApi, Map<string, { atMs: number; verdict: Promise<Verdict> }>>();

type Verdict = Pick<PanelState, "state" | "sentence">;

/** Framed with access to our origin it could do whatever the person may; without, it does not start. */
const sameOrigin: Verdict = { state: "forbidden", sentence: "Grafana has the portal's own address here, so it is not framed: its scripts would be ours. Give it another host name, or choose embed: proxy." };

/**
 * Grafana's panels for a Big Pod, each with whether it can be shown; an empty list when none is configured. `origin`: the portal's, which would frame them.
 * What Grafana does is a state of the panel. Throws VigieError "denied", "not-found" (environment or Big Pod), "invalid" (the token cannot be read).
 */
export async function listPanels(context: ServiceContext, actor: Actor, query: { environment: string; bigPod: string }, origin: string, signal?: AbortSignal): Promise<Panels> {
  await authorise(context, actor, "state.read", query.environment, `see the panels of ${query.environment}`);
  const place = placeOf(context.config, query);
  const { grafana } = context.config;
  const api = context.outside.grafana();
  if (grafana === undefined || api === null) return { embed: "direct", panels: [] };
  const browserUrl = (grafana.publicUrl ?? grafana.url).replace(/\/$/, "");
  const panels = panelsOf(grafana.panels, place.bigPod).map(async (panel): Promise<PanelState> => {
    const path = soloPath(panel, place);
    const src = grafana.embed === "proxy" ? `/grafana/render${path}` : `${browserUrl}${path}`;
    return { title: panel.title, src, open: `${browserUrl}${dashboardPath(panel, place)}`, ...(await (grafana.embed === "proxy" ? health(api, signal) : new URL(browserUrl).origin === origin ? sameOrigin : remembered(api, path, origin, context.clock.now().getTime()))) };
  });
  return { embed: grafana.embed, panels: await Promise.all(panels) };
}

/** A picture of one configured panel. Only what the configuration names can be asked for: of the address given, nothing but time, theme and size is taken over. */
export async function readPicture(context: ServiceContext, actor: Actor, asked: PictureQuery, signal?: AbortSignal): Promise<{ contentType: "image/png"; body: Uint8Array }> {
  const { config } = context;
  const api = context.outside.grafana();
  if (config.grafana === undefined || api === null || config.grafana.embed !== "proxy") throw new VigieError("not-found", "No panels are shown through the portal: grafana.embed is not proxy in vigie.yaml.");
  const { panels } = config.grafana;
  const places = config.environments.flatMap(({ name, namespace }) => config.bigPods.map((bigPod): PanelPlace => ({ environment: name, namespace, bigPod: bigPod.name })));
  const found = places.flatMap((place) => panelsOf(panels, place.bigPod).flatMap((panel) => (soloPath(panel, place) === asked.path ? [{ place, path: soloPath(panel, place) }] : [])))[0];
  const missing = new VigieError("not-found", "There is no such panel in the configuration.");
  if (found === undefined) throw missing;
  await authorise(context, actor, "state.read", found.place.environment, `see the panels of ${found.place.environment}`, missing);
  return api.picture(`/render${withView(found.path, asked)}&width=${asked.width}&height=${asked.height}`, signal);
}

export interface PictureQuery {
  /** "/d-solo/…?…" as listed, without time, theme and size. */
  path: string;
  from: string;
  to: string;
  theme: "light" | "dark";
  width: number;
  height: number;
}

function remembered(api: GrafanaApi, path: string, origin: string, nowMs: number): Promise<Verdict> {
  const own = kept.get(api) ?? new Map<string, { atMs: number; verdict: Promise<Verdict> }>();
  kept.set(api, own);
  const key = `${origin} ${path}`;
  const known = own.get(key);
  if (known !== undefined && nowMs - known.atMs < keptMs) return known.verdict;
  for (const [name, { atMs }] of own) if (nowMs - atMs >= keptMs) own.delete(name);
  // Not ended by one caller's signal: others may wait for the same verdict.
  const verdict = judged(async () => {
    const answer = await api.framing(path, origin);
    return answer.allowed ? { state: "ok", sentence: null } : { state: answer.why, sentence: answer.sentence };
  });
  own.set(key, { atMs: nowMs, verdict });
  return verdict;
}

function health(api: GrafanaApi, signal: AbortSignal | undefined): Promise<Verdict> {
  return judged(async () => {
    const { database } = await api.health(signal);
    return database === "ok" ? { state: "ok", sentence: null } : { state: "down", sentence: `Grafana says that its database is ${database}.` };
  });
}

async function judged(ask: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await ask();
  } catch (error) {
    if (!isVigieError(error)) throw error;
    return { state: error.code === "denied" ? "login" : "down", sentence: error.message };
  }
}
