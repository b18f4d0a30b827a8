"use client";

import { useState } from "react";
import { connectionLost } from "#components/actions/actions-context.tsx";
import type { ActionError, ActionResult } from "#components/actions/contract.ts";

export interface Deed {
  sending: boolean;
  error: ActionError | null;
  /** Runs one server action; true when it was done. A second press while it runs does nothing. */
  run: (work: () => Promise<ActionResult<unknown>>) => Promise<boolean>;
}

/** One press of a button that calls a server action: what is under way, and what went wrong, in a form people can read. */
export function useDeed(): Deed {
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<ActionError | null>(null);
  const run = async (work: () => Promise<ActionResult<unknown>>): Promise<boolean> => {
    if (sending) return false;
    setSending(true);
    setError(null);
    const result = await work().catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    if (!result.ok) setError(result.error);
    return result.ok;
  };
  return { sending, error, run };
}
