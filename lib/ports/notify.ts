import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { NotificationKind } from "#lib/domain/notification.ts";

/** Channels to people outside: Slack, e-mail, webhooks. */

export interface Announcement {
  /** The same in every attempt: receivers may take each once by it. */
  id: string;
  /** Groups what is of one incident; null: a test of the channel. */
  incidentId: string | null;
  kind: NotificationKind;
  /** When it happened. */
  at: Date;
  platform: string;
  /** Null: a test. */
  incident: IncidentSummary | null;
  /** Page of the incident in the portal. */
  link: string | null;
  /** Who asked for a test. */
  by: string | null;
  /** More than 1: an earlier attempt may have arrived without anybody knowing. */
  attempt: number;
}

export interface NotifyChannel {
  /** What of earlier, untold announcements of the same incident one message tells as well. */
  absorbs: "all" | "updates" | "none";
  /** The next message not before this long after one that was sent. */
  paceMs: number;
  /** `thread`: what an earlier message of the same incident gave back. Throws NotifyError; resolves with what later messages need. */
  send(announcement: Announcement, thread: string | null, signal: AbortSignal): Promise<{ thread: string | null }>;
}

/** A message that did not arrive, in a sentence that holds no secret. */
export class NotifyError extends Error {
  /** Trying again does not help: a person has to mend something. */
  readonly permanent: boolean;
  /** The channel asked to be left alone this long. */
  readonly retryAfterMs: number | null;

  constructor(message: string, options: { permanent?: boolean; retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "NotifyError";
    this.permanent = options.permanent ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

export interface Notify {
  /** The channel of this name. Throws VigieError "not-found", or "invalid" when its secret cannot be read. */
  channel(name: string): NotifyChannel;
}
