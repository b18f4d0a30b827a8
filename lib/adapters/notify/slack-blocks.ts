import type { NotificationText } from "#lib/domain/notification-text.ts";

/** Limits of Block Kit (docs.slack.dev, "Block Kit reference") that Slack refuses a whole message for. Characters. */
const headerLimit = 150;
const sectionLimit = 3_000;
const fieldLimit = 2_000;
const fieldsLimit = 10;
const urlLimit = 3_000;

export interface SlackMessage {
  /** What notifications on phones and screen readers say. */
  text: string;
  blocks: Record<string, unknown>[];
}

/** The three characters that mean something in mrkdwn everywhere: after this no mention, no link and no entity can be made by a text (docs.slack.dev, "Escaping text"). */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** At most `limit` characters, cut before an escaped character rather than inside it. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/&[a-z]{0,4}$|[\ud800-\udbff]$/, "")}…`;
}

/** One message: header, cause, facts, a button to the incident. At most five blocks; texts from outside stand in plain text or escaped. */
export function slackMessage({ subject, cause, facts, link }: NotificationText): SlackMessage {
  const blocks: Record<string, unknown>[] = [
    { type: "header", text: { type: "plain_text", text: cut(subject, headerLimit), emoji: false } },
    { type: "section", text: { type: "plain_text", text: cut(cause, sectionLimit), emoji: false } },
  ];
  if (facts.length > 0) blocks.push({ type: "section", fields: facts.slice(0, fieldsLimit).map(({ name, value }) => ({ type: "mrkdwn", text: cut(`*${escapeMrkdwn(name)}*\n${escapeMrkdwn(value)}`, fieldLimit), verbatim: true })) });
  if (link !== null && link.length <= urlLimit) blocks.push({ type: "actions", elements: [{ type: "button", action_id: "open", text: { type: "plain_text", text: "Open in Vigie", emoji: false }, url: link }] });
  return { text: cut(escapeMrkdwn(subject), sectionLimit), blocks };
}
