import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import { abort, confirm } from "#app/_actions/operation.ts";
import { plan } from "#app/_actions/plan.ts";
import { signOut } from "#app/_actions/session.ts";
import { readTrails } from "#app/_read/trails.ts";
import { ActionsProvider } from "#components/actions/actions-context.tsx";
import { PermissionsProvider } from "#components/query/permissions.tsx";
import { PlatformProvider } from "#components/query/platform-provider.tsx";
import { rolesSentence } from "#components/settings/roles-sentence.ts";
import { Shell } from "#components/shell/shell.tsx";
import { readTheme, themeCookie } from "#components/shell/theme.ts";
import { currentActor, requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readSnapshot } from "#lib/services/state/read.ts";

/** Everything behind the sign-in: the true state is in the first HTML, the stream takes over from there. */
export default async function PortalLayout({ children }: { children: ReactNode }) {
  const actor = await currentActor();
  if (actor === null) {
    // From here it is a plain 307. Without the proxy's header, the page itself sends on: it knows its own address.
    const path = (await headers()).get("x-vigie-path");
    if (path !== null) await requirePageActor(path);
    return children;
  }
  const { context } = getRuntime();
  const snapshot = await readSnapshot(context, actor);
  const trails = await readTrails(context, actor, snapshot.environments.map((environment) => environment.name));
  const theme = readTheme((await cookies()).get(themeCookie)?.value);
  return (
    <PlatformProvider initial={snapshot} trails={trails} actorId={actor.id}>
      <PermissionsProvider grants={actor.grants}>
        <ActionsProvider actions={{ plan, confirm, abort, signOut }}>
          <Shell person={{ id: actor.id, name: actor.name, roles: rolesSentence(actor.grants) }} theme={theme}>
            {children}
          </Shell>
        </ActionsProvider>
      </PermissionsProvider>
    </PlatformProvider>
  );
}
