import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import type { Actor } from "#lib/contracts/actor.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { ActionsProvider } from "#components/actions/actions-context.tsx";
import type { PortalActions } from "#components/actions/contract.ts";
import { fixtureSnapshot } from "#components/query/fixtures.ts";
import { PermissionsProvider } from "#components/query/permissions.tsx";
import { PlatformProvider } from "#components/query/platform-provider.tsx";

const never = () => Promise.reject(new Error("nothing is pressed in a first HTML"));
const actions: PortalActions = { plan: never, confirm: never, abort: never, approve: never, openBreakGlass: never, reviewBreakGlass: never, liftQuarantine: never, adoptDrift: never, signOut: never, incident: { open: never, acknowledge: never, assign: never, resolve: never, merge: never, note: never, tickRunbook: never, silence: never, endSilence: never } };

interface Surroundings {
  snapshot?: PlatformSnapshot;
  actorId?: string;
  grants?: Actor["grants"];
}

/** The first HTML of a component among the providers of the portal, at `fixtureNow`. */
export function renderHtml(children: ReactNode, { snapshot = fixtureSnapshot(), actorId = "rafael", grants = [{ role: "admin", environments: "*" }] }: Surroundings = {}): string {
  return renderToStaticMarkup(
    <PlatformProvider initial={snapshot} trails={{}} actorId={actorId}>
      <PermissionsProvider grants={grants} actorId={actorId}>
        <ActionsProvider actions={actions}>{children}</ActionsProvider>
      </PermissionsProvider>
    </PlatformProvider>,
  );
}

/** What a person reads of it: tags taken out, spaces as one. */
export function renderText(children: ReactNode, surroundings?: Surroundings): string {
  return renderHtml(children, surroundings)
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ")
    .trim();
}
