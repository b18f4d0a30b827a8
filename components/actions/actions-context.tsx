"use client";

import { createContext, use } from "react";
import type { ReactNode } from "react";
import type { ActionError, PortalActions } from "#components/actions/contract.ts";

const Context = createContext<PortalActions | null>(null);

/** Hands the server actions to the client leaves: components do not import from app. */
export function ActionsProvider({ actions, children }: { actions: PortalActions; children: ReactNode }) {
  return <Context value={actions}>{children}</Context>;
}

export function usePortalActions(): PortalActions {
  const actions = use(Context);
  if (!actions) throw new Error("usePortalActions outside of ActionsProvider");
  return actions;
}

/** A call that never arrived (connection lost, server restarting) as the same kind of answer. */
export const connectionLost: ActionError = {
  code: "unavailable",
  message: "Vigie did not answer. Nothing is known to have happened; look at Operations before you try again.",
  detail: null,
  reference: null,
};
