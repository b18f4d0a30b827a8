"use client";

import { TriangleAlert } from "lucide-react";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { formatDuration } from "#components/patterns/duration.ts";
import { useNowMs } from "#components/query/server-clock.ts";

/** Inside a dialog: what is confirmed now goes past gates. Loud on purpose. */
export function InBreakGlass({ session, environment }: { session: NonNullable<EnvironmentGuard["breakGlass"]> | null; environment: string }) {
  const now = useNowMs();
  const leftMs = session ? Date.parse(session.expiresAt) - now : null;
  return (
    <p data-break-glass-plan className="flex items-start gap-2.5 bg-warn px-5 py-2.5 text-sm text-on-warn max-md:px-4">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">
        <b>Break-glass in {environment}</b>: gates are overruled, and someone else will review it.
        {session ? ` “${session.reason}”` : ""} {leftMs === null ? null : <span className="whitespace-nowrap">{leftMs > 0 ? `ends in ${formatDuration(leftMs, 2)}` : "has ended"}</span>}
      </span>
    </p>
  );
}
