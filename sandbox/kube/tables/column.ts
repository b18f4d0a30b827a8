import type { KubeObject } from "#sandbox/kube/types.ts";

export interface ColumnDefinition {
  name: string;
  type: "string" | "integer" | "date" | "boolean";
  format: string;
  description: string;
  /** Above 0: only with `-o wide`. */
  priority: number;
}

export type Cell = string | number | boolean;

export interface TableShape {
  columns: readonly ColumnDefinition[];
  cells(object: KubeObject, now: Date): Cell[];
}

/** A column; a leading "+" in the name marks one that only `-o wide` shows, a trailing "#" an integer. */
export function column(notation: string, description = ""): ColumnDefinition {
  const wide = notation.startsWith("+");
  const integer = notation.endsWith("#");
  const name = notation.replace(/^\+|#$/g, "");
  return { name, type: integer ? "integer" : "string", format: name === "Name" ? "name" : "", description, priority: wide ? 1 : 0 };
}

export function shape(names: readonly string[], cells: TableShape["cells"]): TableShape {
  return { columns: names.map((name) => column(name)), cells };
}
