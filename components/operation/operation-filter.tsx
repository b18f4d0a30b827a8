"use client";

import Link from "next/link";
import { shownKinds } from "#components/operation/shown-kinds.ts";
import type { ShownKind } from "#components/operation/shown-kinds.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { classes } from "#components/ui/classes.ts";
import { waitingOperationStatuses } from "#lib/domain/status.ts";

/** Links that choose a status, with how many wait right now. */
export function OperationFilter({ shown, environment }: { shown: ShownKind; environment: string | null }) {
  const waiting = useSnapshot().operations.filter((operation) => waitingOperationStatuses.includes(operation.status) && (environment === null || operation.environment === environment)).length;
  return (
    <nav aria-label="Statuses" className="flex flex-wrap gap-1">
      {shownKinds.map((kind) => (
        <Link key={kind} href={hrefOf(kind, environment)} aria-current={shown === kind ? "true" : undefined} className={classes("inline-flex min-h-8 items-center gap-1.5 rounded-md px-2.5 text-sm max-md:min-h-11", shown === kind ? "bg-raised font-semibold text-text" : "text-muted hover:text-text")}>
          {kind}
          {kind === "waiting" && waiting > 0 ? <span className="text-xs font-semibold text-hold">{waiting}</span> : null}
        </Link>
      ))}
    </nav>
  );
}

function hrefOf(kind: ShownKind, environment: string | null): string {
  const search = new URLSearchParams();
  if (environment !== null) search.set("environment", environment);
  if (kind !== "all") search.set("show", kind);
  return search.size === 0 ? "/operations" : `/operations?${search}`;
}
