import { z } from "zod";
import { ask } from "#lib/adapters/egress/outgoing.ts";
import { retryAfterMs } from "#lib/adapters/notify/retry-after.ts";
import { slackMessage } from "#lib/adapters/notify/slack-blocks.ts";
import { notificationText } from "#lib/domain/notification-text.ts";
import { NotifyError } from "#lib/ports/notify.ts";
import type { Announcement, NotifyChannel } from "#lib/ports/notify.ts";

const timeoutMs = 10_000;
/** A history of fifteen messages with their metadata is far shorter. */
const maximumBytes = 2 * 1024 * 1024;
/** Slack lets about one message a second into a channel (docs.slack.dev, "Rate limits"). */
const paceMs = 1_000;
const eventType = "vigie_incident";

const replySchema = z.object({ ok: z.boolean(), error: z.string().max(200).optional(), ts: z.string().max(64).optional(), channel: z.string().max(64).optional() });
const historySchema = z.object({
  ok: z.literal(true),
  messages: z.array(z.object({ ts: z.string().max(64), metadata: z.object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).optional() })),
});

/** Errors of Slack's own that pass; all others take a person (a token, a scope, a channel). */
const passing: ReadonlySet<string> = new Set(["internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org", "accesslimited"]);
/** The message is not there any more, or may not be changed any more: another one is posted. */
const gone: ReadonlySet<string> = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

const words: Record<string, string> = {
  invalid_auth: "the token is not valid", not_authed: "the token is missing", account_inactive: "the token's app was removed", token_revoked: "the token was revoked", token_expired: "the token has expired",
  channel_not_found: "there is no such channel, or the app may not see it", not_in_channel: "the app is not in the channel: invite it", is_archived: "the channel is archived", missing_scope: "the token lacks the scope chat:write",
};

interface SlackOptions {
  url: string;
  token: string;
  /** Channel id. */
  to: string;
  now?: () => number;
}

/**
 * One message per incident: posted once (chat.postMessage), then updated (chat.update), so that repeating an update changes nothing. A post whose answer was
 * lost is looked for in the channel's history by its metadata before it is posted again; without the scope for that it may stand there twice.
 */
export function createSlackChannel({ url, token, to, now = Date.now }: SlackOptions): NotifyChannel {
  const base = url.replace(/\/+$/, "");
  const host = new URL(base).host;

  /** Methods that read take a form, not JSON. */
  async function call(method: string, body: Record<string, unknown> | URLSearchParams, signal: AbortSignal): Promise<unknown> {
    const form = body instanceof URLSearchParams;
    const { status, headers, body: answered } = await ask({
      method: "POST", url: new URL(`${base}/${method}`), timeoutMs, maximumBytes, signal, reach: "configured",
      headers: { authorization: `Bearer ${token}`, "content-type": form ? "application/x-www-form-urlencoded" : "application/json; charset=utf-8", "user-agent": "vigie" },
      body: form ? body.toString() : JSON.stringify(body),
    }).catch((cause: unknown) => {
      throw new NotifyError(`Slack (${host}) cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
    });
    if (status === 429) throw new NotifyError(`Slack (${host}) asks for patience: too many messages.`, { retryAfterMs: retryAfterMs(headers["retry-after"], now()) ?? 30_000 });
    if (status < 200 || status > 299) throw new NotifyError(`Slack (${host}) answered with HTTP ${status}${status >= 300 && status < 400 ? ", a redirect, which is not followed: check the channel's url" : ""}.`);
    try {
      return JSON.parse(answered.toString("utf8"));
    } catch (cause) {
      throw new NotifyError(`What answers at ${host} does not speak Slack's Web API.`, { cause });
    }
  }

  async function write(method: string, body: Record<string, unknown>, signal: AbortSignal): Promise<z.infer<typeof replySchema>> {
    const reply = replySchema.safeParse(await call(method, body, signal));
    if (!reply.success) throw new NotifyError(`What answers at ${host} does not speak Slack's Web API.`);
    return reply.data;
  }

  /** "channel:ts" of the message that an earlier attempt may have posted; null when it is not there, or cannot be looked for. */
  async function lost(incidentId: string, since: Date, signal: AbortSignal): Promise<string | null> {
    const query = new URLSearchParams({ channel: to, oldest: String(since.getTime() / 1_000 - 60), limit: "15", include_all_metadata: "true" });
    const reply = await call("conversations.history", query, signal).catch(() => null);
    const history = historySchema.safeParse(reply);
    const found = history.success ? history.data.messages.find(({ metadata }) => metadata?.event_type === eventType && metadata.event_payload.incident === incidentId) : undefined;
    return found === undefined ? null : `${to}:${found.ts}`;
  }

  return {
    absorbs: "all",
    paceMs,
    async send(announcement, thread, signal) {
      const { incidentId, attempt } = announcement;
      const message = messageOf(announcement);
      const known = thread ?? (incidentId === null || attempt === 1 ? null : await lost(incidentId, announcement.at, signal));
      if (known !== null && incidentId !== null) {
        const at = known.indexOf(":");
        const updated = await write("chat.update", { channel: known.slice(0, at), ts: known.slice(at + 1), ...message }, signal);
        if (updated.ok) return { thread: known };
        if (!gone.has(updated.error ?? "")) throw refusal(updated.error);
      }
      const posted = await write("chat.postMessage", { channel: to, ...message }, signal);
      if (!posted.ok) throw refusal(posted.error);
      if (posted.ts === undefined) throw new NotifyError(`What answers at ${host} does not speak Slack's Web API.`);
      return { thread: incidentId === null ? null : `${posted.channel ?? to}:${posted.ts}` };
    },
  };

  function messageOf(announcement: Announcement): Record<string, unknown> {
    const { incidentId } = announcement;
    return { ...slackMessage(notificationText(announcement)), unfurl_links: false, unfurl_media: false, ...(incidentId === null ? {} : { metadata: { event_type: eventType, event_payload: { incident: incidentId } } }) };
  }

  function refusal(error: string | undefined): NotifyError {
    const code = error ?? "no reason given";
    return new NotifyError(`Slack refused the message: ${words[code] ?? code}${words[code] === undefined ? "" : ` (${code})`}.`, { permanent: !passing.has(code) });
  }
}
