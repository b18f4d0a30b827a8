import { Skeleton } from "#components/ui/skeleton.tsx";

/** As tall as the charts it stands for, so that nothing below them moves when they come. */
export function ChartsSkeleton() {
  return (
    <output aria-label="Loading the charts" className="block">
      <Skeleton className="h-80 w-full rounded-lg" />
    </output>
  );
}
