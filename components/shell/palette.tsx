"use client";

import { Command } from "cmdk";
import { useRouter } from "next/navigation";
import { useMemo, useState } from "react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import { historyHref, momentOf } from "#components/history/span.ts";
import { openDialog, openPlan } from "#components/plan/plan-navigation.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import { serverNowMs } from "#components/query/server-clock.ts";
import { useTrails } from "#components/query/trail.ts";
import { usePlatformView } from "#components/query/use-view.ts";
import { leave } from "#components/shell/leave.ts";
import { shownCommands } from "#components/shell/palette-commands.ts";
import type { PaletteCommand } from "#components/shell/palette-commands.ts";
import { guardCommands } from "#components/shell/palette-guards.ts";
import { incidentCommands } from "#components/shell/palette-incidents.tsx";
import { Group, Item } from "#components/shell/palette-item.tsx";
import type { PaletteParts } from "#components/shell/palette-parts.ts";
import { changeCommands, placeCommands } from "#components/shell/palette-platform.tsx";
import { setTheme, themes } from "#components/shell/theme.ts";
import { Dialog } from "#components/ui/dialog.tsx";

/** Everything there is to see and to do, by typing a few letters of it. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const [search, setSearch] = useState("");
  const commands = useCommands(onClose, onHelp);
  const { shown, left } = useMemo(() => shownCommands(commands, search), [commands, search]);
  return (
    <Dialog title="Search or do anything" onClose={onClose} className="mt-[12dvh] w-[min(38rem,calc(100vw-1.5rem))] overflow-hidden">
      <Command label="Search or do anything" loop shouldFilter={false} className="flex max-h-[min(28rem,70dvh)] flex-col">
        <Command.Input data-autofocus value={search} onValueChange={setSearch} placeholder="Search or do…" className="w-full border-b border-line bg-transparent px-4 py-3 text-lg text-text outline-none placeholder:text-faint" />
        <Command.List className="overflow-y-auto overscroll-contain p-2">
          {shown.map(({ heading, commands: listed }) => {
            const items = listed.map((command) => <Item key={command.key} command={command} />);
            return heading === null ? items : <Group key={heading} heading={heading}>{items}</Group>;
          })}
          <Command.Empty className="px-3 py-6 text-center text-muted">Nothing here is called that.</Command.Empty>
        </Command.List>
        {left > 0 ? <p className="border-t border-line px-4 py-2 text-xs text-faint">{left === 1 ? "One more" : `${left} more`}: more letters bring them up.</p> : null}
      </Command>
    </Dialog>
  );
}

/** As of when the palette was opened: a list must not move under the hand. */
function useCommands(onClose: () => void, onHelp: () => void): readonly PaletteCommand[] {
  const router = useRouter();
  const actions = usePortalActions();
  const refused = useRefusal();
  const trails = useTrails();
  const { snapshot, states } = usePlatformView();
  const [commands] = useState((): readonly PaletteCommand[] => {
    /** After the dialog gave focus back, so that what opens next returns it to where the person was. */
    const then = (next: () => void) => () => {
      onClose();
      requestAnimationFrame(next);
    };
    const go = (href: string) => () => {
      onClose();
      router.push(href);
    };
    const parts: PaletteParts = { snapshot, trails, refused, go, deed: (what) => then(() => openDialog("do", what)), plan: (request, origin) => then(() => openPlan(request, origin)) };
    const own: PaletteCommand[] = [
      ...themes.map((theme): PaletteCommand => ({ group: "Vigie", key: `theme ${theme}`, title: `Theme: ${theme}`, run: () => (setTheme(theme), onClose()) })),
      { group: "Vigie", key: "keys", title: "Show the keys", run: then(onHelp) },
      { group: "Vigie", key: "sign-out", title: "Sign out", run: () => void leave(actions) },
    ];
    return [
      ...incidentCommands(parts),
      ...changeCommands({ ...parts, states }),
      ...guardCommands(parts),
      { group: "Do", key: "open-incident", title: "Open an incident…", run: parts.deed("open-incident") },
      ...placeCommands({ ...parts, states }, (ms) => () => go(historyHref("/", momentOf(serverNowMs() - ms), null))()),
      ...own,
    ];
  });
  return commands;
}
