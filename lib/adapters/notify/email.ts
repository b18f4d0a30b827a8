import type { LookupFunction } from "node:net";
import { createTransport } from "nodemailer";
import { firstOf } from "#lib/adapters/egress/first-of.ts";
import { configuredAddress } from "#lib/adapters/egress/outgoing.ts";
import { notificationText, oneLine } from "#lib/domain/notification-text.ts";
import type { NotificationText } from "#lib/domain/notification-text.ts";
import { NotifyError } from "#lib/ports/notify.ts";
import type { Announcement, NotifyChannel } from "#lib/ports/notify.ts";

/** Of each step of the conversation, and of all of it: shorter than a claim, so that nobody else begins meanwhile. */
const timeoutMs = 10_000;
const wholeMs = 30_000;

interface EmailOptions {
  host: string;
  port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  secure: boolean;
  username?: string | undefined;
  password?: string | undefined;
  sender: string;
  to: readonly string[];
  /** Certificates to trust besides the system's (PEM). */
  ca?: string;
  /** Answers names; the system's when left out. */
  resolver?: LookupFunction;
}

/**
 * E-mail over SMTP. All mails of one incident are a thread, because all refer to one id (RFC 5322, 3.6.4), which no mail has itself: it holds together even when the
 * first of them never arrived. An attempt that is repeated has the same Message-ID. A password is never sent over a connection in clear text, except to this machine.
 */
export function createEmailChannel({ host, port, secure, username, password, sender, to, ca, resolver }: EmailOptions): NotifyChannel {
  const domain = sender.slice(sender.lastIndexOf("@") + 1);
  const local = host === "localhost" || host === "127.0.0.1" || host === "::1";
  const auth = username === undefined ? {} : { auth: { user: username, pass: password ?? "" } };
  // The connection goes to the address that was judged; the certificate must be the name's.
  const tls = { tls: { servername: host, ...(ca === undefined ? {} : { ca: [ca] }) } };

  return {
    absorbs: "updates",
    paceMs: 0,
    async send(announcement, thread, signal) {
      const address = await configuredAddress(host, resolver).catch((cause: unknown) => {
        throw new NotifyError(`The mail server ${host}:${port} cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
      });
      const transport = createTransport({ host: address, port, secure, requireTLS: username !== undefined && !local && !secure, ...auth, ...tls, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, disableFileAccess: true, disableUrlAccess: true });
      const { signal: ending, release } = firstOf([signal, AbortSignal.timeout(wholeMs)]);
      const ended = Promise.withResolvers<never>();
      const stop = () => ended.reject(new NotifyError(signal.aborted ? "Vigie was stopped while the mail was being sent." : `The mail server ${host}:${port} did not take the mail within ${wholeMs / 1_000} s.`));
      if (ending.aborted) stop();
      else ending.addEventListener("abort", stop, { once: true });
      const root = announcement.incidentId === null ? null : `<incident.${announcement.incidentId}@${domain}>`;
      const text = notificationText(announcement);
      try {
        const sent = transport.sendMail({
          from: { name: oneLine(`Vigie ${announcement.platform}`, 60), address: sender },
          to: [...to],
          subject: text.subject,
          messageId: `<notification.${announcement.id}@${domain}>`,
          ...(root === null ? {} : { inReplyTo: root, references: [root] }),
          date: announcement.at,
          headers: { "Auto-Submitted": "auto-generated", "X-Vigie-Kind": announcement.kind },
          text: plain(text, announcement),
          html: html(text, announcement),
        });
        const { rejected } = await Promise.race([sent, ended.promise]);
        // The others have it: sending to all again would tell them twice.
        if (rejected.length > 0) throw new NotifyError(`The mail server ${host}:${port} took the mail, but not for ${rejected.join(", ")}.`, { permanent: true });
      } catch (cause) {
        throw cause instanceof NotifyError ? cause : failure(cause, `${host}:${port}`);
      } finally {
        release();
        transport.close();
      }
      return { thread };
    },
  };
}

function failure(cause: unknown, server: string): NotifyError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const status = cause instanceof Error && "responseCode" in cause ? Number(cause.responseCode) : null;
  const said = cause instanceof Error ? oneLine(cause.message, 200) : "it did not say why";
  if (code === "EAUTH") return new NotifyError(`The mail server ${server} did not take the user name and password${status === null ? "" : ` (${status})`}.`, { permanent: true, cause });
  if (code === "ETLS") return new NotifyError(`The mail server ${server} offers no encryption that can be trusted: ${said}.`, { cause });
  // 5xx: the server will say the same again (RFC 5321, 4.2.1).
  if (status !== null) return new NotifyError(`The mail server ${server} refused the mail: ${said}.`, { permanent: status >= 500 && status < 600, cause });
  return new NotifyError(`The mail server ${server} cannot be reached: ${said}.`, { cause });
}

function plain({ cause, facts, link }: NotificationText, { platform }: Announcement): string {
  const width = Math.max(0, ...facts.map(({ name }) => name.length));
  return [cause, "", ...facts.map(({ name, value }) => `${`${name}:`.padEnd(width + 2)}${value}`), ...(link === null ? [] : ["", link]), "", `-- \nVigie of ${oneLine(platform, 60)}`, ""].join("\n");
}

/** Simple enough for every program that shows mail: one table, no image, no script, nothing loaded. */
function html({ cause, facts, link }: NotificationText, { platform }: Announcement): string {
  const rows = facts.map(({ name, value }) => `<tr><th align="left" valign="top" style="padding:2px 16px 2px 0;font-weight:normal;color:#57606a">${escapeHtml(name)}</th><td style="padding:2px 0">${escapeHtml(value)}</td></tr>`);
  const button = link === null ? "" : `<p><a href="${escapeHtml(link)}">Open in Vigie</a></p>`;
  return `<!doctype html><html><body style="font-family:sans-serif;font-size:14px;line-height:1.5"><p><b>${escapeHtml(cause)}</b></p><table cellpadding="0" cellspacing="0">${rows.join("")}</table>${button}<p style="color:#57606a">Vigie of ${escapeHtml(oneLine(platform, 60))}</p></body></html>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
