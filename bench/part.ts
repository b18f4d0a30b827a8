import type { Scope } from "#bench/scope.ts";

/** One line of the table. */
export interface Figure {
  /** Stable name, unique in its part: reasons are kept by it. */
  key: string;
  what: string;
  /** With its unit. */
  value: string;
  /** What was aimed at, and whether it was reached; null for a figure that only informs. */
  aim: { text: string; met: boolean } | null;
}

export interface PartOutcome {
  figures: readonly Figure[];
  /** How it was measured, and what else was found. */
  notes: readonly string[];
}

export interface PartOptions {
  /** Length of the memory part. */
  minutes: number;
  /** Measure the cold start too, build included. */
  cold: boolean;
  say(line: string): void;
  /** Owner of everything the part starts: closed when the part is over, however it ends. */
  scope: Scope;
}

export interface Part {
  name: string;
  title: string;
  run(options: PartOptions): Promise<PartOutcome>;
}

/** A figure with an upper limit. `unit` stands after the number; `digits` are those after the point. */
export function limited(key: string, what: string, value: number, limit: number, unit: string, digits = 0): Figure {
  const space = unit === "" ? "" : " ";
  return { key, what, value: `${value.toFixed(digits)}${space}${unit}`, aim: { text: `≤ ${limit}${space}${unit}`, met: value <= limit } };
}

export function informing(key: string, what: string, value: string): Figure {
  return { key, what, value, aim: null };
}
