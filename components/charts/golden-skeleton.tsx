import { goldenSignalNames } from "#lib/domain/golden.ts";
import { Skeleton } from "#components/ui/skeleton.tsx";

/** Grid of the charts; the skeleton has the same. */
export const chartGrid = "grid gap-x-6 gap-y-5 lg:grid-cols-2";
/** Of the drawing, and of whatever stands in its place. */
export const plotHeight = "h-44";

/** As tall as the charts. */
export function GoldenSkeleton() {
  return (
    <output aria-label="Loading the charts" className={chartGrid}>
      {goldenSignalNames.map((name) => (
        <span key={name} className="grid gap-1.5">
          <Skeleton className="h-6 w-40" />
          <Skeleton className={`${plotHeight} w-full`} />
          <Skeleton className="h-5 w-24" />
        </span>
      ))}
    </output>
  );
}
