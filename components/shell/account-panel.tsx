"use client";

import { LogOut } from "lucide-react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import type { Person } from "#components/shell/account-menu.tsx";
import { leave } from "#components/shell/leave.ts";
import { ThemeToggle } from "#components/shell/theme-toggle.tsx";
import type { Theme } from "#components/shell/theme.ts";
import { Button } from "#components/ui/button.tsx";

/** What opens under one's own name: roles in words, the theme, the way out. */
export function AccountPanel({ person, theme }: { person: Person; theme: Theme }) {
  const actions = usePortalActions();
  return (
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
  );
}
