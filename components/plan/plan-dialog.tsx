"use client";

import { useRouter } from "next/navigation";
import { useCallback, useEffect, useState } from "react";
import type { Plan, PlanRequest } from "#lib/contracts/operation.ts";
import { connectionLost, usePortalActions } from "#components/actions/actions-context.tsx";
import type { ActionError } from "#components/actions/contract.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { PlanForm } from "#components/plan/plan-form.tsx";
import { originOf } from "#components/plan/plan-navigation.ts";
import { PlanSkeleton } from "#components/plan/plan-skeleton.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";

interface PlanDialogProps {
  link: string;
  /** Null when the address names no plan. */
  request: PlanRequest | null;
  /** Number of the incident it was opened from. */
  incident?: number | null;
  onClose: () => void;
}

type Loaded = { plan: Plan; /** What moved since the plan that was shown before. */ moved: ActionError | null; key: string };

/** The plan of an operation, shown before it is confirmed. What runs is what was shown: the confirmation carries the plan's hash. */
export function PlanDialog({ link, request, incident = null, onClose }: PlanDialogProps) {
  const actions = usePortalActions();
  const router = useRouter();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState(false);
  const from = originOf(link);

  const load = useCallback(
    async (moved: ActionError | null) => {
      if (!request) return;
      const result = await actions.plan(request, incident).catch(() => ({ ok: false as const, error: connectionLost }));
      if (result.ok) setLoaded({ plan: result.value, moved, key: newKey() });
      else setError(result.error);
    },
    // The link stands for the request: a new object with the same link is the same plan.
    // oxlint-disable-next-line react/exhaustive-deps
    [actions, link, incident],
  );
  useEffect(() => void load(null), [load]);

  const confirm = async (reason: string, schedule: "next-window" | undefined) => {
    if (!loaded || sending) return;
    setSending(true);
    setError(null);
    const result = await actions.confirm({ planHash: loaded.plan.hash, reason, ...(schedule ? { schedule } : {}), ...(incident === null ? {} : { incident }), idempotencyKey: loaded.key }).catch(() => ({ ok: false as const, error: connectionLost }));
    if (result.ok) {
      // An incident's page shows what runs for it, and whether it helped.
      if (from) router.replace(from.backTo);
      else router.push(`/operations/${result.value.id}`);
      return;
    }
    setSending(false);
    setError(result.error);
  };
  const planAgain = async () => {
    const moved = error?.code === "conflict" ? error : null;
    setError(null);
    setLoaded(null);
    await load(moved);
  };

  if (!request) {
    return (
      <Dialog title="No such plan" heading="This address names no plan" onClose={onClose}>
        <div className="grid gap-4 p-5 pt-3">
          <p className="text-sm">
            <code className="font-mono text-xs">{link.slice(0, 200)}</code> is not one of promotion:FROM:TO, rollback:ENVIRONMENT:R-NUMBER, restart:ENVIRONMENT:BIG-POD, scale:ENVIRONMENT:BIG-POD:PODS, isolate:ENVIRONMENT:BIG-POD:network, isolate:ENVIRONMENT:BIG-POD:scale-to-zero, lift-isolation:ENVIRONMENT:BIG-POD or drill:ENVIRONMENT.
          </p>
          <div className="flex justify-end">
            <Button onClick={onClose}>Leave</Button>
          </div>
        </div>
      </Dialog>
    );
  }
  if (loaded) {
    return (
      <PlanForm
        plan={loaded.plan}
        reason={from?.reason ?? loaded.plan.suggestedReason}
        moved={loaded.moved}
        error={error}
        sending={sending}
        onConfirm={(reason, schedule) => void confirm(reason, schedule)}
        key={loaded.plan.hash}
        onPlanAgain={() => void planAgain()}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog title="Plan" heading={error ? "This cannot be planned" : provisionalTitle(request)} description={error ? undefined : "Making the plan…"} onClose={onClose}>
      <div className="grid gap-4 p-5 pt-3">
        {error ? <Failure error={error} /> : <PlanSkeleton />}
        <div className="flex justify-end gap-2">
          {error ? <Button onClick={() => void planAgain()}>Plan again</Button> : null}
          <Button onClick={onClose}>Leave</Button>
        </div>
      </div>
    </Dialog>
  );
}

function provisionalTitle(request: PlanRequest): string {
  switch (request.kind) {
    case "promotion":
      return `Promote ${request.from} to ${request.to}`;
    case "rollback":
      return `Roll back ${request.environment} to R-${request.release}`;
    case "restart":
      return `Restart ${request.bigPods.join(", ")} in ${request.environment}`;
    case "scale":
      return `Scale ${request.bigPod} in ${request.environment} to ${request.replicas}`;
    case "drill":
      return `Rehearse the way back in ${request.environment}`;
    case "isolate":
      return `Isolate ${request.bigPod} in ${request.environment}`;
    case "lift-isolation":
      return `Lift the isolation of ${request.bigPod} in ${request.environment}`;
  }
}

/** randomUUID exists only in secure contexts; a portal on plain http in a private network is none. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
