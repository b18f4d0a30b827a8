"use client";

import type { ReactNode } from "react";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { openPlan } from "#components/plan/plan-navigation.ts";
import { Button } from "#components/ui/button.tsx";
import type { ButtonSize, ButtonTone } from "#components/ui/button.tsx";

interface PlanButtonProps {
  request: PlanRequest;
  /** Number of the incident it is opened from: the plan then has the incident's reason, and the operation stands in its timeline. */
  incident?: number;
  tone?: ButtonTone;
  size?: ButtonSize;
  disabledBecause?: string | null;
  /** The whole sentence, when the text is shortened: "Promote R-214 to prod". */
  name?: string;
  className?: string;
  children: ReactNode;
}

/** Opens the plan of an operation. Nothing happens before it is confirmed there. */
export function PlanButton({ request, incident, tone, size, disabledBecause = null, name, className, children }: PlanButtonProps) {
  return (
    <Button tone={tone} size={size} className={className} disabledBecause={disabledBecause} aria-haspopup="dialog" aria-label={name} onClick={() => openPlan(request, incident)}>
      {children}
    </Button>
  );
}
