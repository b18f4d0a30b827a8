"use client";

import dynamic from "next/dynamic";
import { useSearchParams } from "next/navigation";
import { useEffect } from "react";
import { closePlan, dialogsAreHosted } from "#components/plan/plan-navigation.ts";
import { parseIncident, parsePlanLink } from "#components/plan/plan-link.ts";

const PlanDialog = dynamic(() => import("#components/plan/plan-dialog.tsx").then((module) => module.PlanDialog), { ssr: false });
const DeedDialog = dynamic(() => import("#components/shell/deed-dialog.tsx").then((module) => module.DeedDialog), { ssr: false });

/** Shows the plan (?plan=promotion:staging:prod) or the deed (?do=break-glass:prod) that the address names, over whatever page that is. Mounted once, by the shell. */
export function PlanHost() {
  const parameters = useSearchParams();
  const link = parameters.get("plan");
  const deed = parameters.get("do");
  useEffect(dialogsAreHosted, []);
  if (link !== null) return <PlanDialog key={link} link={link} request={parsePlanLink(link)} incident={parseIncident(parameters.get("incident"))} onClose={closePlan} />;
  return deed === null ? null : <DeedDialog key={deed} deed={deed} />;
}
