import Link from "next/link";
import { historyHref, spanNames, spans } from "#components/history/span.ts";
import type { SpanName } from "#components/history/span.ts";
import { classes } from "#components/ui/classes.ts";

/** Links that choose how long a time the strips show. */
export function SpanTabs({ path, at, chosen }: { path: string; at: string | null; chosen: SpanName }) {
  return (
    <nav aria-label="Length of time" className="flex gap-1">
      {spanNames.map((name) => (
        <Link key={name} href={historyHref(path, at, name)} replace scroll={false} prefetch={false} aria-current={chosen === name ? "true" : undefined} className={classes("inline-flex min-h-7 items-center rounded-md px-2 text-xs max-md:min-h-11 max-md:px-3", chosen === name ? "bg-raised font-semibold text-text" : "text-muted hover:text-text")}>
          {spans[name].title}
        </Link>
      ))}
    </nav>
  );
}
