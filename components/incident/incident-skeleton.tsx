import { Skeleton } from "#components/ui/skeleton.tsx";

/** The outline of an incident's page: head, suspects and signals, the remedy card beside them. */
export function IncidentSkeleton() {
  return (
    <output aria-label="Loading the incident" className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <div className="grid gap-2">
        <Skeleton className="h-7 w-full max-w-[40rem]" />
        <Skeleton className="h-4 w-full max-w-96" />
        <Skeleton className="h-4 w-full max-w-[30rem]" />
      </div>
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_21rem]">
        <Skeleton className="h-72 w-full rounded-[10px] lg:col-start-2 lg:row-start-1" />
        <div className="grid gap-6 lg:col-start-1 lg:row-start-1">
          <Skeleton className="h-64 w-full" />
          <Skeleton className="h-36 w-full" />
          <Skeleton className="h-80 w-full" />
        </div>
      </div>
    </output>
  );
}
