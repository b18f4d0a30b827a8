import type { z } from "zod";
import { ask } from "#lib/adapters/grafana/http.ts";
import type { GrafanaReply } from "#lib/adapters/grafana/http.ts";
import { annotationMadeSchema, annotationsReplySchema, healthReplySchema, messageReplySchema } from "#lib/adapters/grafana/replies.ts";
import { VigieError } from "#lib/domain/error.ts";
import { framePermission } from "#lib/domain/frame-permission.ts";
import type { GrafanaAnnotation, GrafanaApi } from "#lib/ports/grafana.ts";

export interface GrafanaOptions {
  /** With the path in front of /api, if there is one. */
  url: string;
  /** Of a service account; null asks without. */
  token: string | null;
  /** Of each request; a picture may take longer. */
  timeoutMs?: number;
  pictureTimeoutMs?: number;
}

type Asked = { method: "GET" | "POST" | "PATCH"; path: string; body?: unknown; anonymous?: boolean; timeoutMs?: number; maximumBytes?: number; signal?: AbortSignal | undefined };

const longestPageBytes = 4 * 1024 * 1024;
const longestAnswerBytes = 1024 * 1024;
const pngMark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Asks one Grafana over its HTTP API. Nothing is retried: who asks again knows why. */
export function createGrafana({ url, token, timeoutMs = 5_000, pictureTimeoutMs = 20_000 }: GrafanaOptions): GrafanaApi {
  const base = new URL(url);
  const place = base.host;
  const upstream = (why: string, cause?: unknown): VigieError => new VigieError("upstream", `Grafana at ${place} cannot be asked: ${why}.`, { detail: { grafana: place }, cause });
  const wantsLogin = (): VigieError => new VigieError("denied", token === null ? `Grafana at ${place} wants a login. Name the token of a service account under grafana in vigie.yaml.` : `Grafana at ${place} refuses the token: it is unknown or expired. Make another one for the service account.`, { detail: { grafana: place } });
  const addressOf = (path: string): URL => new URL(`${base.pathname.replace(/\/$/, "")}${path}`, base.origin);

  function send({ method, path, body, anonymous = false, timeoutMs: own = timeoutMs, maximumBytes = longestAnswerBytes, signal }: Asked): Promise<GrafanaReply> {
    const headers: Record<string, string> = anonymous || token === null ? {} : { authorization: `Bearer ${token}` };
    return ask({ method, url: addressOf(path), headers: { accept: path.startsWith("/api/") ? "application/json" : "text/html,image/png", ...headers }, body, timeoutMs: own, maximumBytes, signal }).catch((error: unknown) => {
      throw upstream(error instanceof Error ? error.message : String(error), error);
    });
  }

  async function call<Reply>(asked: Asked, schema: z.ZodType<Reply>): Promise<Reply> {
    const reply = await send(asked);
    const body = parseJson(reply.body);
    if (reply.status >= 200 && reply.status < 300) {
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      throw upstream(`its answer is not that of Grafana's API${body === undefined ? " (no JSON)" : ""}; check its address in vigie.yaml`);
    }
    const said = messageReplySchema.safeParse(body).data?.message.slice(0, 300);
    if (reply.status === 401 || isLogin(reply)) throw wantsLogin();
    if (reply.status === 403) throw new VigieError("denied", `Grafana at ${place} does not let this service account do that${said === undefined ? "" : `: ${said}`}. Give it the role Editor.`, { detail: { grafana: place } });
    if (reply.status === 404) throw new VigieError("not-found", `Grafana at ${place} has nothing at ${asked.path}${said === undefined ? "" : `: ${said}`}.`, { detail: { grafana: place } });
    if (reply.status === 400) throw new VigieError("invalid", `Grafana at ${place} refuses what it was sent${said === undefined ? "" : `: ${said}`}.`, { detail: { grafana: place } });
    throw upstream(`it answers ${reply.status}${said === undefined ? "" : `: ${said}`}`);
  }

  return {
    health: (signal) => call({ method: "GET", path: "/api/health", anonymous: true, signal }, healthReplySchema),
    async framing(path, origin, signal) {
      // As the browser will ask: without the token.
      const reply = await send({ method: "GET", path, anonymous: true, maximumBytes: longestPageBytes, signal });
      if (reply.status === 401 || reply.status === 403 || isLogin(reply)) return { allowed: false, why: "login", sentence: `Grafana at ${place} wants a login: whoever is not signed in there sees its login page instead of the panel.` };
      if (reply.status === 404) return { allowed: false, why: "missing", sentence: `Grafana at ${place} has no such page.` };
      if (reply.status !== 200) throw upstream(`it answers ${reply.status}`);
      const permission = framePermission({ "x-frame-options": headerText(reply, "x-frame-options"), "content-security-policy": headerText(reply, "content-security-policy") }, base.origin, origin);
      if (!permission.allowed) return { allowed: false, why: "forbidden", sentence: `Grafana at ${place} forbids other pages to frame it (${permission.by}). Set allow_embedding = true under [security] in its configuration, or choose embed: proxy.` };
      // Of a dashboard that does not exist, Grafana's page says 200 and its script the rest.
      const uid = /^\/d-solo\/([^/?]+)/.exec(path)?.[1];
      if (uid === undefined) return { allowed: true };
      const board = await send({ method: "GET", path: `/api/dashboards/uid/${uid}`, signal });
      return board.status === 404 ? { allowed: false, why: "missing", sentence: `Grafana at ${place} has no dashboard ${uid}. Check its uid under grafana.panels in vigie.yaml.` } : { allowed: true };
    },
    async picture(path, signal) {
      const reply = await send({ method: "GET", path, timeoutMs: pictureTimeoutMs, maximumBytes: longestPageBytes, signal });
      if (reply.status === 401 || isLogin(reply)) throw wantsLogin();
      if (reply.status !== 200 || !reply.body.subarray(0, pngMark.length).equals(pngMark)) throw upstream(reply.status === 200 ? "what it sends is no picture; it needs the plugin grafana-image-renderer" : `it answers ${reply.status} instead of a picture; it needs the plugin grafana-image-renderer`);
      return { contentType: "image/png", body: reply.body };
    },
    async find(tag, signal) {
      const found = await call({ method: "GET", path: `/api/annotations?${new URLSearchParams([["type", "annotation"], ["tags", tag], ["limit", "10"]])}`, signal }, annotationsReplySchema);
      return found.filter(({ tags }) => tags?.includes(tag) === true).toSorted((left, right) => right.id - left.id)[0]?.id ?? null;
    },
    async annotate(annotation, signal) {
      return (await call({ method: "POST", path: "/api/annotations", body: bodyOf(annotation), signal }, annotationMadeSchema)).id;
    },
    async finish(id, annotation, signal) {
      await call({ method: "PATCH", path: `/api/annotations/${id}`, body: bodyOf(annotation), signal }, messageReplySchema);
    },
  };
}

/** Of one that lasts, begin and end are the same until it is finished. */
function bodyOf({ from, to, text, tags }: GrafanaAnnotation): object {
  return { time: from.getTime(), timeEnd: (to ?? from).getTime(), text, tags: [...tags] };
}

function isLogin(reply: GrafanaReply): boolean {
  return reply.status >= 300 && reply.status < 400 && /\/login(\?|$)/.test(headerText(reply, "location") ?? "");
}

function headerText(reply: GrafanaReply, name: string): string | undefined {
  const value = reply.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
