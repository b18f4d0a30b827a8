import { Skeleton } from "#components/ui/skeleton.tsx";

/** The outline of a page while it loads: a head and a list. */
export function ListSkeleton() {
  return (
    <output aria-label="Loading" className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
        <Skeleton className="h-7 w-64" />
        <Skeleton className="h-4 w-full max-w-96" />
      </div>
      <div className="grid gap-3 border-t border-line pt-3">
        {[0, 1, 2, 3, 4, 5, 6, 7].map((row) => (
          <Skeleton key={row} className="h-9 w-full" />
        ))}
      </div>
    </output>
  );
}
