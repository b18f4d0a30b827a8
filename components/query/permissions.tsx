"use client";

import { createContext, use, useMemo } from "react";
import type { ReactNode } from "react";
import type { Actor } from "#lib/contracts/actor.ts";
import { isAllowed, rolesThatMay } from "#lib/domain/access.ts";
import type { Action } from "#lib/domain/access.ts";

type Grants = Actor["grants"];
const Context = createContext<{ grants: Grants; actorId: string }>({ grants: [], actorId: "" });

/** What the person may do, so that a button can say at once why not. The services ask again; this is courtesy, not protection. */
export function PermissionsProvider({ grants, actorId, children }: { grants: Grants; actorId: string; children: ReactNode }) {
  const value = useMemo(() => ({ grants, actorId }), [grants, actorId]);
  return <Context value={value}>{children}</Context>;
}

/** Who looks at the page: nobody approves what they asked for themselves. */
export function useActorId(): string {
  return use(Context).actorId;
}

export type Refusal = (action: Action, environment: string | null, doing: string) => string | null;

/** Null when allowed, otherwise the sentence for the button: "Promoting to prod takes the role releaser or admin." */
export function refusal(grants: Grants, action: Action, environment: string | null, doing: string): string | null {
  if (isAllowed(grants, action, environment)) return null;
  return `${doing} takes the role ${rolesThatMay(action).join(" or ")}. Ask an admin for it.`;
}

export function useRefusal(): Refusal {
  const { grants } = use(Context);
  return (action, environment, doing) => refusal(grants, action, environment, doing);
}
