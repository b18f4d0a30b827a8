let leaving = false;

/** What a sign-out is given before the page goes on without its answer. */
const answerMs = 5_000;

/** The person signs out here: what the stream will say of it is no news, and the page is left as soon as the sign-out is answered. */
export function expectSignedOut(): void {
  leaving = true;
}

/**
 * The session that the stream was opened with is over. Where the same person has signed in again meanwhile (in another tab, or to prove who they are), the page
 * goes on: the stream opens anew by itself. Somebody else, or nobody: a full load, so that nothing of the old session stays in memory.
 */
export async function afterSignedOut(actorId: string): Promise<void> {
  if (leaving) {
    setTimeout(() => location.assign("/sign-in"), answerMs);
    return;
  }
  if ((await whoIsSignedIn()) === actorId) return;
  location.assign(`/sign-in?error=ended&callbackUrl=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Id of the person whose cookie this browser holds now; null when that cannot be told. */
async function whoIsSignedIn(): Promise<string | null> {
  try {
    const response = await fetch("/api/v1/sessions", { cache: "no-store", headers: { accept: "application/json" } });
    if (!response.ok) return null;
    const body: unknown = await response.json();
    const sessions = typeof body === "object" && body !== null && "sessions" in body && Array.isArray(body.sessions) ? body.sessions : [];
    const current = sessions.find((session: unknown) => typeof session === "object" && session !== null && "current" in session && session.current === true);
    return typeof current?.personId === "string" ? current.personId : null;
  } catch {
    return null;
  }
}
