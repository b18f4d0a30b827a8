"use client";

import { LogOut, User } from "lucide-react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import { ThemeToggle } from "#components/shell/theme-toggle.tsx";
import type { Theme } from "#components/shell/theme.ts";
import { leave } from "#components/shell/leave.ts";
import { Button } from "#components/ui/button.tsx";

/** Who one is here, and what that allows, in words: "releaser in staging, viewer everywhere". */
export interface Person {
  id: string;
  name: string;
  roles: string;
}

export function AccountMenu({ person, theme }: { person: Person; theme: Theme }) {
  const actions = usePortalActions();
  return (
    <>
      <button type="button" popoverTarget="account" aria-label={`Account of ${person.name}`} className="inline-flex min-h-8 max-w-44 items-center gap-1.5 rounded-md text-sm text-muted hover:text-text max-md:min-h-11 max-md:px-2">
        <User aria-hidden className="size-4 shrink-0" />
        <span className="truncate max-md:sr-only">{person.name}</span>
      </button>
      <div id="account" popover="auto" className="top-12 right-4 bottom-auto left-auto m-0 w-68 rounded-[10px] border border-line-strong bg-panel p-4 text-text shadow-[0_12px_40px_var(--shadow)]">
        <div className="grid gap-3">
          <div>
            <p className="font-semibold">{person.name}</p>
            <p className="text-xs text-muted">{person.roles}</p>
          </div>
          <ThemeToggle initial={theme} />
          <Button size="small" onClick={() => void leave(actions)}>
            <LogOut aria-hidden className="size-3.5" />
            Sign out
          </Button>
        </div>
      </div>
    </>
  );
}
