import { Skeleton } from "#components/ui/skeleton.tsx";

/** As tall as the log itself. */
export function LogSkeleton() {
  return (
    <output aria-label="Loading the log" className="grid gap-2">
      <Skeleton className="h-9 w-full max-w-xl" />
      <Skeleton className="h-80 w-full" />
    </output>
  );
}
