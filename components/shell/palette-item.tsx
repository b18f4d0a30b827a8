import { Command } from "cmdk";
import type { ReactNode } from "react";
import type { PaletteCommand } from "#components/shell/palette-commands.ts";

export function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group heading={heading} className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint">
      {children}
    </Command.Group>
  );
}

/** One thing to see or to do. What cannot be done now says why. */
export function Item({ command }: { command: PaletteCommand }) {
  const { key, title, icon, detail, disabledBecause = null, run } = command;
  return (
    <Command.Item value={key} onSelect={run} disabled={disabledBecause !== null} className="flex min-h-9 cursor-pointer flex-wrap items-center gap-x-2 rounded-md px-2 py-1 data-[disabled=true]:cursor-not-allowed data-[disabled=true]:text-faint data-[selected=true]:bg-raised max-md:min-h-11">
      {icon}
      {title}
      {detail === undefined ? null : <span className="ml-auto text-xs text-muted">{detail}</span>}
      {disabledBecause === null ? null : <span className="w-full text-xs text-faint">{disabledBecause}</span>}
    </Command.Item>
  );
}
