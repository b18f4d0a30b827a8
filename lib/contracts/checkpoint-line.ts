import { signedCheckpointSchema } from "#lib/contracts/checkpoint.ts";
import type { SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import { checkpointLine } from "#lib/domain/checkpoint.ts";

/** The checkpoint of a line; null when the line is none, or not to the letter what Vigie writes. Space around it is nobody's forgery. */
export function readCheckpointLine(line: string): SignedCheckpoint | null {
  const text = line.trim();
  try {
    const signed = signedCheckpointSchema.safeParse(JSON.parse(text)).data;
    return signed === undefined || checkpointLine(signed) !== text ? null : signed;
  } catch {
    return null;
  }
}
