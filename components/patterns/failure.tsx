import type { ReactNode } from "react";
import type { ActionError } from "#components/actions/contract.ts";
import { SignInAgain } from "#components/actions/sign-in-again.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { Copy } from "#components/ui/copy.tsx";

/** An error as people need it: what happened and what to do, with the reference that finds it in the log. */
export function Failure({ error, reopen, children }: { error: ActionError; /** The dialog to come back to after signing in again (`do=…`). */ reopen?: string; children?: ReactNode }) {
  if (error.code === "sign-in-again") return <SignInAgain error={error} reopen={reopen} />;
  return (
    <div role="alert" className="flex items-start gap-2.5 rounded-lg border border-bad bg-bad-wash px-3 py-2.5">
      <StatusIcon shape="octagon" tone="bad" className="mt-1" />
      <div className="min-w-0 flex-1 text-sm">
        <p>{error.message}</p>
        {error.reference ? (
          <p className="mt-1 text-xs text-muted">
            Reference for the log:{" "}
            <Copy text={error.reference} label="reference" className="font-mono">
              {error.reference}
            </Copy>
          </p>
        ) : null}
        {children}
      </div>
    </div>
  );
}
