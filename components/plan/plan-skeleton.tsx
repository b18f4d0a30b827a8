import { Skeleton } from "#components/ui/skeleton.tsx";

/** As tall as a plan of three Big Pods and four gates. */
export function PlanSkeleton() {
  return (
    <output aria-label="Making the plan" className="grid gap-4">
      <div className="grid gap-3 border-y border-line py-3">
        {[0, 1, 2].map((row) => (
          <Skeleton key={row} className="h-4 w-full" />
        ))}
      </div>
      <div className="grid gap-2.5">
        {[0, 1, 2, 3].map((row) => (
          <Skeleton key={row} className="h-4 w-3/4" />
        ))}
      </div>
      <Skeleton className="h-9 w-full" />
      <Skeleton className="h-8 w-full" />
    </output>
  );
}
