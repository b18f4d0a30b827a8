"use client";

import { TriangleAlert } from "lucide-react";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { openBreakGlassOf } from "#components/guards/guard-words.ts";
import { formatDuration } from "#components/patterns/duration.ts";
import { useNowMs } from "#components/query/server-clock.ts";

/**
 * Who overrules the gates of which environment, why, and how long still. It lies over the foot of the page (which leaves room for it, see globals.css),
 * so that its coming and going moves nothing.
 */
export function BreakGlassBar({ guards }: { guards: readonly EnvironmentGuard[] }) {
  const now = useNowMs();
  const active = guards.flatMap((guard) => {
    const session = openBreakGlassOf(guard, now);
    return session ? [{ environment: guard.environment, session }] : [];
  });
  if (active.length === 0) return null;
  return (
    <aside aria-label="Break-glass" data-break-glass className="fixed inset-x-0 bottom-0 z-20 text-sm max-md:bottom-[calc(3.5rem+env(safe-area-inset-bottom))] md:left-[196px]">
      {active.map(({ environment, session }) => (
        <p key={session.id} data-break-glass-in={environment} className="flex items-start gap-2.5 bg-warn px-6 py-2.5 text-on-warn max-md:px-3.5">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span className="min-w-0 grow">
            <b>Break-glass in {environment}</b>: {session.by} overrules its gates. “{session.reason}”
          </span>
          <b className="whitespace-nowrap" data-tip-time={session.expiresAt}>
            {formatDuration(Date.parse(session.expiresAt) - now, 2)} left
          </b>
        </p>
      ))}
    </aside>
  );
}
