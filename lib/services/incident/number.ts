import { VigieError } from "#lib/domain/error.ts";

/** Number of an incident out of an address; what is none is no incident. Throws VigieError "not-found". */
export function incidentNumber(text: string | undefined): number {
  // PostgreSQL keeps it in 32 bits.
  if (text === undefined || !/^[1-9]\d{0,9}$/.test(text) || Number(text) > 2_147_483_647) throw new VigieError("not-found", "There is no such incident. /incidents lists those there are.");
  return Number(text);
}
