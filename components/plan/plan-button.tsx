"use client";

import type { ReactNode } from "react";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { openPlan } from "#components/plan/plan-navigation.ts";
import type { PlanOrigin } from "#components/plan/plan-navigation.ts";
import { Button } from "#components/ui/button.tsx";
import type { ButtonSize, ButtonTone } from "#components/ui/button.tsx";

interface PlanButtonProps {
  request: PlanRequest;
  /** Where it is opened from: an incident's page gives its reason and number. */
  from?: PlanOrigin;
  tone?: ButtonTone;
  size?: ButtonSize;
  disabledBecause?: string | null;
  /** The whole sentence, when the text is shortened: "Promote R-214 to prod". */
  name?: string;
  className?: string;
  children: ReactNode;
}

/** Opens the plan of an operation. Nothing happens before it is confirmed there. */
export function PlanButton({ request, from, tone, size, disabledBecause = null, name, className, children }: PlanButtonProps) {
  return (
    <Button tone={tone} size={size} className={className} disabledBecause={disabledBecause} aria-haspopup="dialog" aria-label={name} onClick={() => openPlan(request, from)}>
      {children}
    </Button>
  );
}
