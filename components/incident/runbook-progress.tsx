"use client";

import { useIncident } from "#components/query/use-incident.tsx";

/** "1 of 4 steps ticked", as it is now. */
export function RunbookProgress({ name }: { name: string }) {
  const steps = useIncident().incident.runbooks.find((known) => known.name === name)?.steps ?? [];
  if (steps.length === 0) return null;
  return (
    <span className="text-xs text-faint">
      {steps.filter((step) => step.ticked !== null).length} of {steps.length} {steps.length === 1 ? "step" : "steps"} ticked
    </span>
  );
}
