import { z } from "zod";

/**
 * Messages as Slack's Web API takes them (docs.slack.dev: chat.postMessage, chat.update, "Block Kit reference"), with the limits for which Slack refuses a whole
 * message. Kinds of blocks that are checked are those that a message of an operations tool has.
 */
const plain = (limit: number) => z.object({ type: z.literal("plain_text"), text: z.string().min(1).max(limit), emoji: z.boolean().optional() });
const marked = (limit: number) => z.object({ type: z.literal("mrkdwn"), text: z.string().min(1).max(limit), verbatim: z.boolean().optional() });
const textOf = (limit: number) => z.union([plain(limit), marked(limit)]);
const url = z.url().max(3_000);
const button = z.object({ type: z.literal("button"), text: plain(75), url: url.optional(), action_id: z.string().max(255).optional(), value: z.string().max(2_000).optional(), style: z.enum(["primary", "danger"]).optional() });

const blockSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("header"), text: plain(150) }),
  z.object({ type: z.literal("section"), text: textOf(3_000).optional(), fields: z.array(textOf(2_000)).min(1).max(10).optional() }).refine(({ text, fields }) => text !== undefined || fields !== undefined),
  z.object({ type: z.literal("context"), elements: z.array(textOf(3_000)).min(1).max(10) }),
  z.object({ type: z.literal("divider") }),
  z.object({ type: z.literal("actions"), elements: z.array(button).min(1).max(25) }),
]);

export const postSchema = z.object({
  channel: z.string().min(1),
  text: z.string().max(40_000).optional(),
  blocks: z.array(z.unknown()).optional(),
  thread_ts: z.string().optional(),
  metadata: z.object({ event_type: z.string().max(255), event_payload: z.record(z.string(), z.unknown()) }).optional(),
});
export const updateSchema = postSchema.extend({ ts: z.string().min(1) });

export type SlackBlock = z.infer<typeof blockSchema>;

export interface SlackMessage {
  channel: string;
  ts: string;
  text: string;
  blocks: SlackBlock[];
  metadata: z.infer<typeof postSchema>["metadata"];
  /** How often it was changed. */
  edits: number;
}

/** The blocks as they are kept, or Slack's word for why not. */
export function parseBlocks(blocks: readonly unknown[] | undefined): SlackBlock[] | "invalid_blocks" {
  if (blocks === undefined) return [];
  const parsed = z.array(blockSchema).max(50).safeParse(blocks);
  return parsed.success ? parsed.data : "invalid_blocks";
}
