import { z } from "zod";
import { alertsReplySchema, refusalSchema, silenceCreatedSchema, silencesReplySchema, statusReplySchema } from "#lib/adapters/alertmanager/replies.ts";
import { ask } from "#lib/adapters/prometheus/http.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { AlertsApi } from "#lib/ports/alerts.ts";

export interface AlertmanagerOptions {
  /** With the path in front of /api/v2, if there is one. */
  url: string;
  /** Value of the Authorization header; null asks without. */
  authorization: string | null;
  /** Of each request. */
  timeoutMs?: number;
  maximumBytes?: number;
}

const longestWords = 500;
const nothing = z.unknown();

/** Speaks to one Alertmanager by its API v2. Nothing is retried: who asks again knows why. */
export function createAlertmanager({ url, authorization, timeoutMs = 10_000, maximumBytes = 32 * 1024 * 1024 }: AlertmanagerOptions): AlertsApi {
  const base = new URL(url);
  const place = base.host;
  const headers: Record<string, string> = authorization === null ? {} : { authorization };
  const detail = { alertmanager: place };
  const upstream = (why: string, cause?: unknown): VigieError => new VigieError("upstream", `Alertmanager at ${place} cannot be asked: ${why}.`, { detail, cause });

  async function call<Schema extends z.ZodType>(path: string, schema: Schema, request: { json?: unknown; method?: "DELETE"; signal: AbortSignal | undefined }): Promise<z.output<Schema>> {
    const target = new URL(`${base.pathname.replace(/\/$/, "")}/api/v2/${path}`, base);
    const reply = await ask({ url: target, headers, timeoutMs, maximumBytes, ...request }).catch((error: unknown) => {
      throw upstream(error instanceof Error ? error.message : String(error), error);
    });
    const body = parseJson(reply.body);
    if (reply.status !== 200) throw refusal(reply.status, body, request.json !== undefined || request.method !== undefined);
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const why = body === undefined ? `it is not JSON${reply.contentType === "" ? "" : ` but ${reply.contentType.slice(0, 60)}`}` : `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim().slice(0, 200);
    throw new VigieError("upstream", `Alertmanager at ${place} answered something that is not its API: ${why}. Check its address in vigie.yaml.`, { detail });
  }

  /** 400, 404 and 422 of a write are about what was sent, everything else about Alertmanager or the way to it. */
  function refusal(status: number, body: unknown, writes: boolean): VigieError {
    const words = refusalSchema.safeParse(body).data?.slice(0, longestWords);
    if (writes && (status === 404 || (words !== undefined && /not found/i.test(words)))) return new VigieError("not-found", `Alertmanager at ${place} has no such silence${words === undefined ? "" : ` ("${words}")`}.`, { detail });
    if (writes && (status === 400 || status === 422) && words !== undefined) return new VigieError("invalid", `Alertmanager refuses it: ${words}`, { detail: { ...detail, words } });
    if (status === 401 || status === 403) return upstream(`it refuses Vigie's credentials (HTTP ${status}); check bearerToken, username and password under alertmanager in vigie.yaml`);
    if (status >= 300 && status < 400) return upstream(`it redirects (HTTP ${status}); name the address it leads to in vigie.yaml`);
    return upstream(`it answers HTTP ${status}${words === undefined ? "" : `: ${words}`}`);
  }

  return {
    startedAt: async (signal) => (await call("status", statusReplySchema, { signal })).uptime,
    async alerts(signal) {
      const found = await call("alerts?active=true&silenced=true&inhibited=true&unprocessed=true", alertsReplySchema, { signal });
      return found.map(({ status, generatorURL, ...alert }) => ({ ...alert, ...status, generatorURL: generatorURL === undefined || generatorURL === "" ? null : generatorURL }));
    },
    async silences(signal) {
      return (await call("silences", silencesReplySchema, { signal })).map(({ status, ...silence }) => ({ ...silence, state: status.state }));
    },
    async silence({ matchers, startsAt, endsAt, createdBy, comment }, signal) {
      const json = { matchers, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), createdBy, comment };
      return (await call("silences", silenceCreatedSchema, { json, signal })).silenceID;
    },
    async expire(silenceId, signal) {
      await call(`silence/${encodeURIComponent(silenceId)}`, nothing, { method: "DELETE", signal });
    },
  };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
