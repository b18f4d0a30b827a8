"use client";

import { useState } from "react";
import { connectionLost } from "#components/actions/actions-context.tsx";
import type { ActionError, ActionResult } from "#components/actions/contract.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { Time } from "#components/patterns/time.tsx";
import { Button } from "#components/ui/button.tsx";
import type { Session } from "#lib/contracts/session.ts";

interface SessionsProps {
  sessions: readonly Session[];
  revoke: (id: string) => Promise<ActionResult<null>>;
  revokeOthers: () => Promise<ActionResult<number>>;
}

/** Where one is signed in, and the way to end that: one browser, or all but this one. */
export function Sessions({ sessions, revoke, revokeOthers }: SessionsProps) {
  const [error, setError] = useState<ActionError | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const others = sessions.filter((session) => !session.current).length;
  const busy = sending ? "Being ended…" : null;
  const run = async (work: () => Promise<ActionResult<unknown>>, said: string) => {
    if (sending) return;
    setSending(true);
    setDone(null);
    const result = await work().catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(false);
    setError(result.ok ? null : result.error);
    if (result.ok) setDone(said);
  };
  return (
    <div className="grid gap-3">
      <ul className="border-t border-line text-sm" aria-label="Your sessions">
        {sessions.map((session) => (
          <li key={session.id} data-session={session.current ? "current" : "other"} className="grid items-baseline gap-x-3 gap-y-1 border-b border-line py-2 md:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)_auto]">
            <span className="min-w-0 font-semibold">
              {session.device}
              {session.current ? <span className="text-xs font-normal text-ok"> · this browser</span> : null}
            </span>
            <span className="min-w-0 text-xs text-muted">
              since <Time at={session.firstSeenAt} form="age" /> · used <Time at={session.lastUsedAt} /> · from <span className="font-mono break-all">{session.address}</span> · ends <Time at={session.expiresAt} />
            </span>
            {session.current ? null : (
              <Button size="small" className="max-md:justify-self-start" disabledBecause={busy} onClick={() => void run(() => revoke(session.id), `${session.device} is signed out.`)} aria-label={`Sign out ${session.device}, used from ${session.address}`}>
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
      {error ? <Failure error={error} /> : null}
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <Button size="small" disabledBecause={busy ?? (others === 0 ? "You are signed in nowhere else." : null)} onClick={() => void run(revokeOthers, "All your other sessions are ended.")}>
          Sign out everywhere else
        </Button>
        <span className="text-xs text-muted" aria-live="polite">
          {done ?? (others === 0 ? "You are signed in nowhere else." : "A browser you do not know: end it, then change your password at the sign-in service.")}
        </span>
      </p>
    </div>
  );
}
