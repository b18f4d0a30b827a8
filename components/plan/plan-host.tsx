"use client";

import dynamic from "next/dynamic";
import { useSearchParams } from "next/navigation";
import { closePlan } from "#components/plan/plan-navigation.ts";
import { parsePlanLink } from "#components/plan/plan-link.ts";

const PlanDialog = dynamic(() => import("#components/plan/plan-dialog.tsx").then((module) => module.PlanDialog), { ssr: false });

/** Shows the plan that the address names (?plan=promotion:staging:prod), over whatever page that is. Mounted once, by the shell. */
export function PlanHost() {
  const link = useSearchParams().get("plan");
  if (link === null) return null;
  return <PlanDialog key={link} link={link} request={parsePlanLink(link)} onClose={closePlan} />;
}
