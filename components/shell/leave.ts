import type { PortalActions } from "#components/actions/contract.ts";

/** Ends the session and shows the sign-in page by a full load, so that nothing of the old session stays in memory. */
export async function leave(actions: PortalActions): Promise<void> {
  await actions.signOut().catch(() => undefined);
  location.assign("/sign-in");
}
