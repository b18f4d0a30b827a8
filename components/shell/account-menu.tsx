"use client";

import { User } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { Theme } from "#components/shell/theme.ts";

const AccountPanel = dynamic(() => import("#components/shell/account-panel.tsx").then((module) => module.AccountPanel), { ssr: false });

/** Who one is here, and what that allows, in words: "releaser in staging, viewer everywhere". */
export interface Person {
  id: string;
  name: string;
  roles: string;
}

export function AccountMenu({ person, theme }: { person: Person; theme: Theme }) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <button type="button" popoverTarget="account" aria-label={`Account of ${person.name}`} onPointerEnter={() => setOpened(true)} onFocus={() => setOpened(true)} className="inline-flex min-h-8 max-w-44 items-center gap-1.5 rounded-md text-sm text-muted hover:text-text max-md:min-h-11 max-md:px-2">
        <User aria-hidden className="size-4 shrink-0" />
        <span className="truncate max-md:sr-only">{person.name}</span>
      </button>
      <div id="account" popover="auto" onToggle={() => setOpened(true)} className="top-12 right-4 bottom-auto left-auto m-0 min-h-36 w-68 rounded-[10px] border border-line-strong bg-panel p-4 text-text shadow-[0_12px_40px_var(--shadow)]">
        {opened ? <AccountPanel person={person} theme={theme} /> : null}
      </div>
    </>
  );
}
