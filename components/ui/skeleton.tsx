import { classes } from "#components/ui/classes.ts";

/** A grey bar the size of what it stands for. It does not pulse: nothing blinks here. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={classes("block rounded bg-raised", className)} />;
}
