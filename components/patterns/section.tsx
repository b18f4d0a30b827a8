import type { ReactNode } from "react";
import { classes } from "#components/ui/classes.ts";

/** A titled part of a page. `aside` stands at the right: a count, a span of time, a link. */
export function Section({ title, aside, children, className, id }: { title: string; aside?: ReactNode; children: ReactNode; className?: string; id?: string }) {
  const heading = `${id ?? title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-heading`;
  return (
    <section aria-labelledby={heading} className={classes("min-w-0", className)} id={id}>
      <div className="flex items-baseline justify-between gap-3 pb-2 text-sm">
        <h2 id={heading} className="font-semibold text-muted">
          {title}
        </h2>
        {aside === undefined ? null : <div className="text-faint">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** Beyond this a title is a sentence, and set as one. */
const longTitle = 90;

/** Head of a page: what it is about, one sentence, what can be done. */
export function PageHead({ icon, title, children, actions }: { icon?: ReactNode; title: ReactNode; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className={classes("grid items-start gap-y-1 max-lg:grid-cols-[auto_1fr] lg:grid-cols-[auto_1fr_auto]", icon ? "gap-x-3" : "gap-x-0")}>
      <div className="pt-1">{icon}</div>
      <h1 className={classes("min-w-0 leading-tight font-semibold tracking-[-0.01em]", typeof title === "string" && title.length > longTitle ? "text-lg" : "text-2xl")}>{title}</h1>
      {actions ? <div className="flex flex-wrap gap-2 max-lg:col-span-2 max-lg:row-start-3 max-lg:mt-2 max-md:flex-col lg:row-span-2 lg:justify-end">{actions}</div> : null}
      {children ? <div className="col-start-2 max-w-[76ch] text-muted">{children}</div> : null}
    </div>
  );
}
