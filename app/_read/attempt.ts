import type { ReactNode } from "react";
import { notFound, unstable_rethrow } from "next/navigation";
import { isVigieError } from "#lib/domain/error.ts";

export type Attempt<Value> = { ok: true; value: Value } | { ok: false; kind: "forbidden" | "unreachable"; message: ReactNode };

/**
 * Reads for a page. "Forbidden" and "cannot be reached" become something a page can show in the place of the list; "not found" becomes the
 * 404 page; what was not foreseen goes on to the error page.
 */
export async function attempt<Value>(reading: Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { ok: true, value: await reading };
  } catch (error) {
    unstable_rethrow(error);
    if (!isVigieError(error)) throw error;
    if (error.code === "not-found") notFound();
    if (error.code === "denied") return { ok: false, kind: "forbidden", message: error.message };
    if (error.code === "upstream" || error.code === "unavailable") return { ok: false, kind: "unreachable", message: error.message };
    throw error;
  }
}
