import type { ReactNode } from "react";
import { CircleSlash, EyeOff, Inbox, Lock, Unplug } from "lucide-react";
import { classes } from "#components/ui/classes.ts";

export type AbsenceKind = "empty" | "forbidden" | "unreachable" | "unsupported" | "unknown";

const icons = { empty: Inbox, forbidden: Lock, unreachable: Unplug, unsupported: CircleSlash, unknown: EyeOff } as const;

/** Why a list shows nothing. "There is none" never looks like "it cannot be seen". */
export function Absence({ kind, title, children }: { kind: AbsenceKind; title: string; children?: ReactNode }) {
  const Icon = icons[kind];
  const unseen = kind !== "empty";
  return (
    <div className={classes("flex items-start gap-2.5 border-y border-line px-2 py-3", unseen && "hatched")} data-absence={kind}>
      <Icon aria-hidden className={classes("mt-0.5 size-4 shrink-0", kind === "empty" ? "text-faint" : kind === "forbidden" ? "text-hold" : "text-warn")} />
      <div className="min-w-0">
        <p className={unseen ? "font-semibold" : "text-muted"}>{title}</p>
        {children ? <div className="text-xs text-muted">{children}</div> : null}
      </div>
    </div>
  );
}
