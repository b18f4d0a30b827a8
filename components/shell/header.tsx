"use client";

import { Search } from "lucide-react";
import { AccountMenu } from "#components/shell/account-menu.tsx";
import type { Person } from "#components/shell/account-menu.tsx";
import { OpenCount } from "#components/incident/open-count.tsx";
import { LiveIndicator } from "#components/shell/live-indicator.tsx";
import type { Theme } from "#components/shell/theme.ts";
import { openPalette } from "#components/shell/open-palette.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Kbd } from "#components/ui/kbd.tsx";
import { VigieMark } from "#components/shell/mark.tsx";

export function Header({ person, theme }: { person: Person; theme: Theme }) {
  const snapshot = useSnapshot();
  const pods = snapshot.states.reduce((sum, state) => sum + state.pods.length, 0);
  return (
    <header className="sticky top-0 z-20 flex min-h-12 items-center gap-3.5 border-b border-line bg-bg px-6 text-sm text-muted max-md:gap-2 max-md:px-3.5">
      <VigieMark className="size-[18px] shrink-0 text-text md:hidden" />
      <span className="truncate font-semibold text-text">{snapshot.platform}</span>
      <span className="truncate max-lg:hidden">
        {count(snapshot.environments.length, "environment")} · {count(snapshot.bigPods.length, "Big Pod")} · {count(pods, "pod")}
      </span>
      <span className="grow" />
      <button type="button" onClick={openPalette} aria-keyshortcuts="Control+K Meta+K" className="flex min-h-8 items-center justify-between gap-2 rounded-md border border-line-strong bg-panel px-2.5 hover:text-text max-md:min-h-11 max-md:border-0 max-md:bg-transparent md:min-w-56">
        <Search aria-hidden className="size-4 md:hidden" />
        <span className="max-md:sr-only">Search or do…</span>
        <span aria-hidden className="max-md:hidden">
          <Kbd>Ctrl K</Kbd>
        </span>
      </button>
      <OpenCount />
      <LiveIndicator />
      <AccountMenu person={person} theme={theme} />
    </header>
  );
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
