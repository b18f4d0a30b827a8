import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import { endSilence, silenceSignal } from "#app/_actions/silence.ts";
import { tickRunbook } from "#app/_actions/runbook.ts";
import { openBreakGlass, reviewBreakGlass } from "#app/_actions/break-glass.ts";
import { acknowledgeIncident, assignIncident, mergeIncident, noteIncident, openIncident, resolveIncident } from "#app/_actions/incident.ts";
import { adoptDrift } from "#app/_actions/drift.ts";
import { abort, approve, confirm } from "#app/_actions/operation.ts";
import { plan } from "#app/_actions/plan.ts";
import { liftQuarantine } from "#app/_actions/quarantine.ts";
import { signOut } from "#app/_actions/session.ts";
import { ActionsProvider } from "#components/actions/actions-context.tsx";
import { PermissionsProvider } from "#components/query/permissions.tsx";
import { PlatformProvider } from "#components/query/platform-provider.tsx";
import { rolesSentence } from "#components/settings/roles-sentence.ts";
import { Shell } from "#components/shell/shell.tsx";
import { readTheme, themeCookie } from "#components/shell/theme.ts";
import { currentActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readReleaseTrails } from "#lib/services/release/trail.ts";
import { readSnapshot } from "#lib/services/state/read.ts";

const incident = { open: openIncident, acknowledge: acknowledgeIncident, assign: assignIncident, resolve: resolveIncident, merge: mergeIncident, note: noteIncident, tickRunbook, silence: silenceSignal, endSilence };

/** Everything behind the sign-in: the true state is in the first HTML, the stream takes over from there. */
export default async function PortalLayout({ children }: { children: ReactNode }) {
  const actor = await currentActor();
  // The proxy has sent on whoever holds no session; with one that is over, the page itself does: it knows its own address.
  if (actor === null) return children;
  const { context } = getRuntime();
  const [snapshot, trails] = await Promise.all([readSnapshot(context, actor), readReleaseTrails(context, actor)]);
  const theme = readTheme((await cookies()).get(themeCookie)?.value);
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  return (
    <PlatformProvider initial={snapshot} trails={trails} actorId={actor.id}>
      <PermissionsProvider grants={actor.grants} actorId={actor.id}>
        <ActionsProvider actions={{ plan, confirm, abort, approve, openBreakGlass, reviewBreakGlass, liftQuarantine, adoptDrift, signOut, incident }}>
          {/* Not async: it runs before the first button is there. Browsers hide the nonce from whoever compares. */}
          <script src="/first-clicks.js" nonce={nonce} suppressHydrationWarning />
          <Shell person={{ id: actor.id, name: actor.name, roles: rolesSentence(actor.grants) }} theme={theme}>
            {children}
          </Shell>
        </ActionsProvider>
      </PermissionsProvider>
    </PlatformProvider>
  );
}
