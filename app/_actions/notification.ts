"use server";

import { z } from "zod";
import type { ActionResult } from "#components/actions/contract.ts";
import { retryNotification } from "#lib/services/notification/retry.ts";
import { testChannel } from "#lib/services/notification/send-test.ts";
import { answer, parsed } from "#app/_actions/answer.ts";

const text = z.string().min(1).max(100);

/** Puts a test into a channel's outbox; the worker sends it. */
export async function sendChannelTest(channel: string): Promise<ActionResult<{ id: string }>> {
  return answer("test a channel", (context, actor) => testChannel(context, actor, parsed(text.safeParse(channel))));
}

/** Puts a dead letter back into the outbox. */
export async function sendNotificationAgain(id: string): Promise<ActionResult<{ id: string }>> {
  return answer("send a notification again", (context, actor) => retryNotification(context, actor, parsed(text.safeParse(id))));
}
