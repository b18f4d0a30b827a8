import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { openBreakGlassOf } from "#components/guards/guard-words.ts";

/** What screen readers are told besides the verdict, by a key each: said when the key is new, and never again. */
export function guardNews(snapshot: PlatformSnapshot, nowMs: number): ReadonlyMap<string, string> {
  const news = new Map<string, string>();
  for (const guard of snapshot.guards) {
    const session = openBreakGlassOf(guard, nowMs);
    if (session) news.set(`break-glass ${session.id}`, `${session.by} opened break-glass in ${guard.environment}`);
    if (guard.proposal) news.set(`proposal ${guard.proposal.operationId}`, guard.proposal.sentence);
  }
  for (const operation of snapshot.operations) {
    if (operation.status === "awaiting") news.set(`awaiting ${operation.id}`, `${operation.title} waits for approval`);
  }
  return news;
}
