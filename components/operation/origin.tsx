import Link from "next/link";
import type { Operation } from "#lib/contracts/operation.ts";
import { TriangleAlert } from "lucide-react";

/** Where an operation comes from when no person simply asked for it: an incident, Vigie itself, another operation, broken glass. */
export function Origin({ operation }: { operation: Operation }) {
  if (!operation.automatic && operation.followsId === null && operation.incident === null && !operation.breakGlass) return null;
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 py-1 text-sm">
      {operation.breakGlass ? (
        <b className="inline-flex items-center gap-1.5 rounded bg-warn px-2 py-0.5 text-xs text-on-warn" data-break-glass-mark>
          <TriangleAlert aria-hidden className="size-3.5" />
          under break-glass: gates were overruled
        </b>
      ) : null}
      {operation.incident !== null ? (
        <Link href={`/incidents/${operation.incident}`} className="underline decoration-line-strong underline-offset-2 hover:text-text">
          for incident #{operation.incident}
        </Link>
      ) : null}
      {operation.automatic ? <span className="rounded border border-line-strong px-2 py-0.5 text-xs">begun by Vigie itself</span> : null}
      {operation.followsId !== null ? (
        <Link href={`/operations/${operation.followsId}`} className="underline decoration-line-strong underline-offset-2 hover:text-text">
          {operation.kind === "rollback" ? "undoes this operation" : "follows this operation"}
        </Link>
      ) : null}
    </p>
  );
}
