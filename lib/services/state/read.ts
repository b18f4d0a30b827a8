import type { Actor } from "#lib/contracts/actor.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { loadPlatform, snapshotOf } from "#lib/services/state/platform.ts";
import { visibleEnvironments } from "#lib/services/state/visible.ts";

/**
 * Everything the overview shows, limited to the environments the actor may see. States are as stored: show them through displayedState (lib/domain/freshness),
 * with `workerSeenAt` and `now` of this snapshot. Throws VigieError "denied" when the actor may see none.
 */
export async function readSnapshot(context: ServiceContext, actor: Actor): Promise<PlatformSnapshot> {
  const visible = visibleEnvironments(context.config, actor);
  if (visible.length === 0) await authorise(context, actor, "state.read", null, "see the state of the platform");
  const platform = await loadPlatform(context.db, visible);
  return snapshotOf(context.config, platform, visible, platform.now);
}
