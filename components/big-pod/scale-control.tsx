"use client";

import { useState } from "react";
import { PlanButton } from "#components/plan/plan-button.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { Button } from "#components/ui/button.tsx";

const most = 100;

/** How many pods there should be; the button opens the plan. */
export function ScaleControl({ environment, bigPod, title, desired }: { environment: string; bigPod: string; title: string; desired: number }) {
  const [wanted, setWanted] = useState<number | null>(null);
  const refused = useRefusal();
  const replicas = wanted ?? desired;
  const noun = replicas === 1 ? "pod" : "pods";
  return (
    <div id="scale" className="flex flex-wrap items-center gap-2 pt-3 text-sm">
      <fieldset className="inline-flex items-center gap-1">
        <legend className="float-left pr-1 text-muted">Pods wanted</legend>
        <Button size="small" aria-label="One pod fewer" disabledBecause={replicas <= 0 ? "There are no fewer than none." : null} onClick={() => setWanted(replicas - 1)}>
          −
        </Button>
        <output aria-live="polite" className="min-w-8 text-center font-semibold">
          {replicas}
        </output>
        <Button size="small" aria-label="One pod more" disabledBecause={replicas >= most ? `${most} is the most Vigie asks for.` : null} onClick={() => setWanted(replicas + 1)}>
          +
        </Button>
      </fieldset>
      <PlanButton
        size="small"
        request={{ kind: "scale", environment, bigPod, replicas }}
        disabledBecause={refused("operation.request.scale", environment, `Scaling in ${environment}`) ?? (replicas === desired ? `${desired} ${noun} are wanted already: choose another number.` : null)}
      >
        Scale {title} in {environment} to {replicas}
      </PlanButton>
    </div>
  );
}
