import type { Transaction } from "#lib/db/client.ts";
import { streamChannel } from "#lib/db/channels.ts";
import type { StreamNotice, StreamTopic } from "#lib/db/channels.ts";

/**
 * Takes the next stream position, for what will surely be published in this transaction: a page made at a position that nobody is told of waits for it.
 * Call it late in the transaction: the clock row stays locked until commit, which is what makes positions appear in commit order.
 */
export async function nextPosition(tx: Transaction): Promise<bigint> {
  const rows = await tx.$queryRaw<{ position: bigint }[]>`SELECT next_position() AS position`;
  const row = rows[0];
  if (!row) throw new Error("next_position() returned no row");
  return row.position;
}

/** Tells listeners, on commit, that a row moved to a position. */
export async function publish(tx: Transaction, topic: StreamTopic, key: string, position: bigint): Promise<void> {
  const notice: StreamNotice = { topic, key, position: Number(position) };
  await tx.$executeRaw`SELECT pg_notify(${streamChannel}, ${JSON.stringify(notice)})`;
}
