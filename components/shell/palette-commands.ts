import type { ReactNode } from "react";
import { defaultFilter } from "cmdk";

export const commandGroups = ["Do", "Go to", "Vigie"] as const;

/** One thing to see or to do. */
export interface PaletteCommand {
  group: (typeof commandGroups)[number];
  /** Unique in the palette. */
  key: string;
  title: string;
  icon?: ReactNode;
  /** Shown at the end of the line, and found by it too: how something is. */
  detail?: string;
  /** Why it cannot be done now; null or absent when it can. */
  disabledBecause?: string | null;
  run: () => void;
}

/** More than fits on a screen helps nobody, and three hundred Big Pods make thousands of commands. */
const mostShown = 50;

export interface Shown {
  /** Null where the best fit is shown over all groups. */
  heading: string | null;
  commands: PaletteCommand[];
}

/**
 * What the palette lists: without a search by group, in the order given; with one the best fit first, whatever its group. Equal fits keep the order given.
 * `left` is how many more there are.
 */
export function shownCommands(commands: readonly PaletteCommand[], search: string): { shown: Shown[]; left: number } {
  // In one case: a past "Restart core in prod" must not fit "restart core" better than the command that does it.
  const words = search.trim().toLowerCase();
  if (words === "") {
    const shown = commandGroups.map((group) => ({ heading: group, commands: commands.filter((command) => command.group === group).slice(0, mostShown) })).filter((group) => group.commands.length > 0);
    return { shown, left: commands.length - shown.reduce((sum, group) => sum + group.commands.length, 0) };
  }
  const fitting = commands.map((command) => ({ command, fit: defaultFilter(command.title.toLowerCase(), words, command.detail === undefined ? [] : [command.detail.toLowerCase()]) })).filter(({ fit }) => fit > 0);
  const best = fitting.toSorted((a, b) => b.fit - a.fit).slice(0, mostShown).map(({ command }) => command);
  return { shown: best.length === 0 ? [] : [{ heading: null, commands: best }], left: fitting.length - best.length };
}
