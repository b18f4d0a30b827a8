"use client";

import { BreakGlassDialog } from "#components/break-glass/break-glass-dialog.tsx";
import { ReviewDialog } from "#components/break-glass/review-dialog.tsx";
import { AdoptDialog } from "#components/drift/adopt-dialog.tsx";
import { AbortDialog } from "#components/operation/abort-button.tsx";
import { IncidentDeed, isIncidentDeed } from "#components/incident/incident-deed.tsx";
import { closeDialog } from "#components/plan/plan-navigation.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

/** The dialog an address names by `do`: break-glass:ENVIRONMENT, abort:OPERATION, review:BREAK-GLASS, adopt:ENVIRONMENT/BIG-POD, and those of incidents. */
export function DeedDialog({ deed }: { deed: string }) {
  const { bigPods, environments, guards, operations } = useSnapshot();
  const close = () => closeDialog("do");
  const [verb = "", of = ""] = deed.split(":", 2);
  if (verb === "break-glass" && environments.some((environment) => environment.name === of)) return <BreakGlassDialog environment={of} onOpened={close} onClose={close} />;
  if (isIncidentDeed(verb)) return <IncidentDeed verb={verb} of={deed.slice(verb.length + 1)} onClose={close} />;
  const operation = verb === "abort" ? operations.find((known) => known.id === of) : undefined;
  if (operation) return <AbortDialog operation={operation} onClose={close} />;
  const review = verb === "review" ? guards.flatMap((guard) => guard.openReviews.map((open) => ({ environment: guard.environment, ...open }))).find((open) => open.id === of) : undefined;
  if (review) return <ReviewDialog review={review} onClose={close} />;
  const [environment, bigPod] = of.split("/", 2);
  const drift = verb === "adopt" ? guards.find((guard) => guard.environment === environment)?.drift.find((one) => one.bigPod === bigPod) : undefined;
  if (drift && environment) return <AdoptDialog environment={environment} drift={drift} title={bigPods.find(({ name }) => name === drift.bigPod)?.title ?? drift.bigPod} onClose={close} />;
  return (
    <Dialog title="Nothing to do" heading="There is nothing to do here" onClose={close}>
      <div className="grid gap-4 p-5 pt-3 text-sm">
        <p>
          <code className="font-mono text-xs">{deed.slice(0, 120)}</code> names nothing that is open now: it may have ended, or been reviewed already.
        </p>
        <div className="flex justify-end">
          <Button onClick={close}>Leave</Button>
        </div>
      </div>
    </Dialog>
  );
}
