"use client";

import { keepFields } from "#components/actions/kept.ts";
import type { ActionError } from "#components/actions/contract.ts";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { useActorId } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";

interface SignInAgainProps {
  error: ActionError;
  /** The dialog to come back to, as `do=…` in the address, when the address does not name it already. */
  reopen?: string | undefined;
}

/** This takes a fresh proof of who it is: the way there, and back to this very place with what was typed. */
export function SignInAgain({ error, reopen }: SignInAgainProps) {
  const actorId = useActorId();
  const provider = textOf(error.detail, "provider");
  const title = textOf(error.detail, "providerTitle");
  return (
    <div role="alert" data-sign-in-again="" className="flex items-start gap-2.5 rounded-lg border border-hold bg-hold-wash px-3 py-2.5">
      <StatusIcon shape="pause" tone="hold" className="mt-1" />
      <div className="grid min-w-0 flex-1 gap-2 text-sm">
        <p>{error.message}</p>
        {provider === null ? null : (
          <p>
            <Button tone="go" className="max-md:w-full" onClick={() => leaveToSignIn(provider, actorId, reopen)}>
              Sign in again{title === null ? "" : ` with ${title}`}
            </Button>
          </p>
        )}
      </div>
    </div>
  );
}

function textOf(detail: ActionError["detail"], name: string): string | null {
  const value = detail?.[name];
  return typeof value === "string" ? value : null;
}

/** A form of its own, outside of the one that stands around the button: sign-in is begun by a POST from our own page. */
function leaveToSignIn(provider: string, actorId: string, reopen: string | undefined): void {
  keepFields(actorId, Date.now());
  const back = new URL(location.href);
  if (reopen !== undefined && !back.searchParams.has("plan") && !back.searchParams.has("do")) back.searchParams.set("do", reopen);
  const form = document.createElement("form");
  form.method = "post";
  form.action = `/api/auth/signin/${encodeURIComponent(provider)}`;
  for (const [name, value] of [["callbackUrl", `${back.pathname}${back.search}${back.hash}`], ["again", "1"]] as const) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}
