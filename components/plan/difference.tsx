import Link from "next/link";
import type { ActionError } from "#components/actions/contract.ts";
import { StatusIcon } from "#components/patterns/status-icon.tsx";

/** Why a plan was refused as it stood (409): what moved meanwhile, or what is in the way. */
export function Difference({ error, title }: { error: ActionError; title: string }) {
  const lines = differenceLines(error.detail);
  const operation = error.detail?.["operation"];
  return (
    <div role="alert" className="flex items-start gap-2.5 rounded-lg border border-warn bg-warn-wash px-3 py-2.5 text-sm">
      <StatusIcon shape="triangle" tone="warn" className="mt-1" />
      <div className="min-w-0">
        <p className="font-semibold">{title}</p>
        {lines.length === 0 ? (
          <p>{error.message}</p>
        ) : (
          <ul className="mt-1 grid gap-0.5">
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        {typeof operation === "string" ? (
          <Link href={`/operations/${operation}`} className="underline underline-offset-2">
            Open the operation that is in the way
          </Link>
        ) : null}
      </div>
    </div>
  );
}

/** The sentences under `detail.difference`; none when the refusal named something else. */
export function differenceLines(detail: ActionError["detail"]): string[] {
  const difference = detail?.["difference"];
  return Array.isArray(difference) ? difference.filter((line): line is string => typeof line === "string") : [];
}
