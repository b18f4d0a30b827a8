import type { AlertStore, StoredAlert } from "#sandbox/alertmanager/alerts.ts";
import { parseAlerts, parseSilence } from "#sandbox/alertmanager/bodies.ts";
import type { Dispatcher } from "#sandbox/alertmanager/dispatcher.ts";
import { fulfils, parseFilter, patternOf, type Matcher } from "#sandbox/alertmanager/matchers.ts";
import { ApiRefusal } from "#sandbox/alertmanager/refusal.ts";
import { stateOf, type Silence, type SilenceStore } from "#sandbox/alertmanager/silences.ts";

export interface ApiContext {
  alerts: AlertStore;
  silences: SilenceStore;
  dispatcher: Dispatcher;
  receivers: readonly string[];
  /** Configuration as text, shown at /api/v2/status. */
  config: string;
  startedAtMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Answers 200 with this as JSON; undefined: an empty body. */
type Handler = (context: ApiContext, query: URLSearchParams, body: unknown, id: string) => unknown;

/** By path below /api/v2 and method. Source: https://github.com/prometheus/alertmanager/blob/v0.25.0/api/v2/openapi.yaml */
export const endpoints: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  status: { GET: status },
  receivers: { GET: ({ receivers }) => receivers.map((name) => ({ name })) },
  alerts: { GET: (context, query) => chosen(context, query).map((alert) => alertData(context, alert)), POST: postAlerts },
  "alerts/groups": { GET: groups },
  silences: { GET: listSilences, POST: postSilence },
  "silence/": { GET: (context, _query, _body, id) => silenceData(found(context, id, 404), context.now()), DELETE: expireSilence },
};

const iso = (atMs: number): string => new Date(atMs).toISOString();

function status({ config, startedAtMs }: ApiContext): object {
  return { cluster: { peers: [], status: "disabled" }, config: { original: config }, uptime: iso(startedAtMs), versionInfo: { branch: "sandbox", buildDate: "", buildUser: "", goVersion: "", revision: "sandbox", version: "0.25.0" } };
}

/** `active`, `silenced` and `inhibited` are true when left out; nothing is inhibited here. */
function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text === null || ["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"].includes(text.toLowerCase());
}

function chosen(context: ApiContext, query: URLSearchParams): StoredAlert[] {
  const filters = query.getAll("filter").map(parseFilter);
  const receivers = receiversFor(context, query);
  const [active, silenced] = [flag(query, "active"), flag(query, "silenced")];
  if (receivers.length === 0) return [];
  return context.alerts.active(context.now()).filter((alert) => filters.every((filter) => fulfils(alert.labels, filter)) && (context.silences.of(alert.labels, context.now()).length > 0 ? silenced : active));
}

function receiversFor(context: ApiContext, query: URLSearchParams): string[] {
  const given = query.get("receiver");
  if (given === null || given === "") return [...context.receivers];
  let pattern: RegExp;
  try {
    pattern = patternOf({ value: given });
  } catch (error) {
    throw new ApiRefusal(400, `failed to parse receiver param: ${error instanceof Error ? error.message : String(error)}`);
  }
  return context.receivers.filter((name) => pattern.test(name));
}

function alertData(context: ApiContext, alert: StoredAlert): object {
  const silencedBy = context.silences.of(alert.labels, context.now());
  return {
    annotations: alert.annotations,
    endsAt: iso(alert.endsAtMs),
    fingerprint: alert.fingerprint,
    receivers: context.receivers.map((name) => ({ name })),
    startsAt: iso(alert.startsAtMs),
    status: { inhibitedBy: [], silencedBy, state: silencedBy.length > 0 ? "suppressed" : "active" },
    updatedAt: iso(alert.updatedAtMs),
    ...(alert.generatorURL !== "" && { generatorURL: alert.generatorURL }),
    labels: alert.labels,
  };
}

function postAlerts(context: ApiContext, _query: URLSearchParams, body: unknown): undefined {
  const { alerts, refusals } = parseAlerts(body);
  for (const posted of alerts) context.dispatcher.take(context.alerts.put(posted, context.now()));
  if (refusals.length > 0) throw new ApiRefusal(400, refusals.join("; "));
}

function groups(context: ApiContext, query: URLSearchParams): object[] {
  const shown = new Set(chosen(context, query).map((alert) => alert.fingerprint));
  return context.dispatcher.groups().flatMap(({ labels, alerts }) => {
    const inside = alerts.filter((alert) => shown.has(alert.fingerprint));
    return inside.length === 0 ? [] : context.receivers.map((name) => ({ alerts: inside.map((alert) => alertData(context, alert)), labels, receiver: { name } }));
  });
}

function silenceData(silence: Silence, nowMs: number): object {
  const { id, matchers, startsAtMs, endsAtMs, updatedAtMs, createdBy, comment } = silence;
  return { id, status: { state: stateOf(silence, nowMs) }, updatedAt: iso(updatedAtMs), comment, createdBy, endsAt: iso(endsAtMs), matchers: matchers.map(({ isEqual, isRegex, name, value }) => ({ isEqual, isRegex, name, value })), startsAt: iso(startsAtMs) };
}

/** Those that hold first, then those to come, then those that are over. */
function listSilences(context: ApiContext, query: URLSearchParams): object[] {
  const filters = query.getAll("filter").map(parseFilter);
  const order = ["active", "pending", "expired"];
  const nowMs = context.now();
  const asLabels = (matchers: readonly Matcher[]): Record<string, string> => Object.fromEntries(matchers.map(({ name, value }) => [name, value]));
  const listed = context.silences.all().filter((silence) => filters.every((filter) => fulfils(asLabels(silence.matchers), filter)));
  return listed.toSorted((left, right) => order.indexOf(stateOf(left, nowMs)) - order.indexOf(stateOf(right, nowMs))).map((silence) => silenceData(silence, nowMs));
}

function postSilence(context: ApiContext, _query: URLSearchParams, body: unknown): object {
  return { silenceID: context.silences.put(parseSilence(body), context.now()) };
}

function found({ silences }: ApiContext, id: string, missing: number): Silence {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new ApiRefusal(422, `silenceID in path must be of type uuid: ${JSON.stringify(id)}`, 601);
  const silence = silences.get(id);
  // Nothing but the status, with 404; its deletion says 500 in this version.
  if (silence === undefined) throw new ApiRefusal(missing, missing === 404 ? "" : "silence not found");
  return silence;
}

function expireSilence(context: ApiContext, _query: URLSearchParams, _body: unknown, id: string): undefined {
  context.silences.expire(found(context, id, 500).id, context.now());
}
