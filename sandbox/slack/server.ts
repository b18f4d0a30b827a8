import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { z } from "zod";
import { closeServer, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import { readBody } from "#sandbox/same-origin.ts";
import { parseBlocks, postSchema, updateSchema, type SlackMessage } from "#sandbox/slack/messages.ts";
import { channelPage } from "#sandbox/slack/page.ts";

/** What can be wrong with the sandbox's Slack. */
export interface SlackFaultState {
  /** Every answer is HTTP 503. */
  down: boolean;
  /** Every answer is HTTP 429 with Retry-After of five seconds. */
  limited: boolean;
}

export interface SlackOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
  /** The only one that is good. */
  token: string;
  /** Ids of channels there are. */
  channels: readonly string[];
  now?: () => number;
}

export interface SandboxSlack {
  /** The page of the channel; the Web API is under /api. */
  url: string;
  messages(): readonly SlackMessage[];
  faults(): SlackFaultState;
  setFaults(change: Partial<SlackFaultState>): void;
  stop(): Promise<void>;
}

const maxBodyBytes = 256 * 1024;
const keptMessages = 200;
const retryAfterSeconds = 5;

type Reply = { ok: true } & Record<string, unknown>;
type Method = (body: Record<string, unknown>) => Reply | { ok: false; error: string };

/** The methods of Slack's Web API that post and change messages and read a channel back, and a page that shows it. Kept in memory; loopback only. */
export async function startSlack({ port, host, token, channels, now = Date.now }: SlackOptions): Promise<SandboxSlack> {
  const kept: SlackMessage[] = [];
  const faults: SlackFaultState = { down: false, limited: false };
  let serial = 0;

  function refused({ channel, text, blocks }: z.infer<typeof postSchema>): string | null {
    if (!channels.includes(channel)) return "channel_not_found";
    if ((text === undefined || text === "") && (blocks === undefined || blocks.length === 0)) return "no_text";
    return parseBlocks(blocks) === "invalid_blocks" ? "invalid_blocks" : null;
  }

  const methods: Record<string, Method> = {
    "auth.test": () => ({ ok: true, team: "DreamScape", user: "vigie", team_id: "T0DEMO", user_id: "U0VIGIE" }),
    "chat.postMessage": (body) => {
      const parsed = postSchema.safeParse(body);
      if (!parsed.success) return { ok: false, error: "invalid_arguments" };
      const error = refused(parsed.data);
      if (error !== null) return { ok: false, error };
      const { channel, text = "", blocks, metadata } = parsed.data;
      serial += 1;
      const ts = `${Math.floor(now() / 1_000)}.${String(serial).padStart(6, "0")}`;
      kept.push({ channel, ts, text, blocks: parseBlocks(blocks) as SlackMessage["blocks"], metadata, edits: 0 }); // refused() has seen that they are blocks
      kept.splice(0, kept.length - keptMessages);
      return { ok: true, channel, ts, message: { type: "message", text, ts } };
    },
    "chat.update": (body) => {
      const parsed = updateSchema.safeParse(body);
      if (!parsed.success) return { ok: false, error: "invalid_arguments" };
      const error = refused(parsed.data);
      if (error !== null) return { ok: false, error };
      const { channel, ts, text = "", blocks, metadata } = parsed.data;
      const message = kept.find((known) => known.channel === channel && known.ts === ts);
      if (message === undefined) return { ok: false, error: "message_not_found" };
      Object.assign(message, { text, blocks: parseBlocks(blocks), metadata: metadata ?? message.metadata, edits: message.edits + 1 });
      return { ok: true, channel, ts, text };
    },
    "conversations.history": ({ channel, oldest, limit, include_all_metadata: all }) => {
      if (typeof channel !== "string" || !channels.includes(channel)) return { ok: false, error: "channel_not_found" };
      const found = kept.filter((message) => message.channel === channel && Number(message.ts) >= Number(oldest ?? 0)).toReversed();
      const page = found.slice(0, Math.min(Number(limit ?? 100), 999));
      return { ok: true, has_more: page.length < found.length, messages: page.map(({ ts, text, metadata }) => ({ type: "message", ts, text, ...(String(all) === "true" && metadata !== undefined ? { metadata } : {}) })) };
    },
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error("The sandbox's Slack failed:", error);
      send(response, 500, { ok: false, error: "internal_error" });
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isLoopbackHostHeader(request.headers.host)) return send(response, 421, { ok: false, error: "invalid_host" });
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://sandbox");
    if (pathname === "/" && request.method === "GET") return sendPage(response, channelPage(kept));
    const name = pathname.startsWith("/api/") ? pathname.slice("/api/".length) : "";
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (faults.down) return send(response, 503, { ok: false, error: "service_unavailable" });
    if (faults.limited) return send(response, 429, { ok: false, error: "ratelimited" }, { "retry-after": String(retryAfterSeconds) });
    if (method === undefined) return send(response, 200, { ok: false, error: "unknown_method" });
    const body = await readBody(request, maxBodyBytes);
    if (body === undefined) return send(response, 200, { ok: false, error: "msg_too_long" });
    const form = /^application\/x-www-form-urlencoded/i.test(request.headers["content-type"] ?? "");
    const given = request.method === "GET" || form ? Object.fromEntries([...searchParams, ...new URLSearchParams(form ? body : "")]) : parseJson(body);
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (bearer !== token) return send(response, 200, { ok: false, error: bearer === undefined ? "not_authed" : "invalid_auth" });
    if (given === null) return send(response, 200, { ok: false, error: "invalid_json" });
    send(response, 200, method(given));
  }

  const url = await listenOnLoopback(server, host, port, "The sandbox's Slack");
  return { url, messages: () => kept, faults: () => ({ ...faults }), setFaults: (change) => void Object.assign(faults, change), stop: () => closeServer(server) };
}

function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null; // an object, so its members can be asked for
  } catch {
    return null;
  }
}

function send(response: ServerResponse, status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers }).end(JSON.stringify(body));
}

function sendPage(response: ServerResponse, html: string): void {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" }).end(html);
}
