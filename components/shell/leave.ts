import type { PortalActions } from "#components/actions/contract.ts";
import { expectSignedOut } from "#components/query/signed-out.ts";

/** Ends the session and shows the sign-in page by a full load, so that nothing of the old session stays in memory. */
export async function leave(actions: PortalActions): Promise<void> {
  expectSignedOut();
  await actions.signOut().catch(() => undefined);
  location.assign("/sign-in");
}
