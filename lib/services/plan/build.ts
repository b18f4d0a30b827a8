import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { GateResult, Plan, PlanRequest } from "#lib/contracts/operation.ts";
import type { PlannedImages, StoredPlan } from "#lib/db/repositories/plan.ts";
import { recentDurations } from "#lib/db/repositories/plan.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { VigieError } from "#lib/domain/error.ts";
import { estimateDuration } from "#lib/domain/operation-estimate.ts";
import { boundFacts, planBinding } from "#lib/domain/plan-binding.ts";
import type { BoundFacts, PlanBinding } from "#lib/domain/plan-binding.ts";
import { afterSwitch } from "#lib/domain/plan-colour.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { inStrategy, strategyOf } from "#lib/services/blue-green/in-strategy.ts";
import { buildPromotion } from "#lib/services/promotion/plan.ts";
import { buildRestart } from "#lib/services/restart/plan.ts";
import { buildRollback } from "#lib/services/rollback/plan.ts";
import { buildScale } from "#lib/services/scale/plan.ts";

/** How long a plan may be confirmed. */
export const planLifetimeMs = 10 * 60_000;

/** What the part for one kind hands back: the draft of the rules, the gates' verdicts and the facts of the target they rest on. */
export interface PlanParts {
  draft: PlanDraft;
  gates: GateResult[];
  target: EnvironmentFacts;
}

/** A plan with everything that is kept of it but not shown. */
export interface BuiltPlan extends StoredPlan {
  binding: PlanBinding;
  facts: BoundFacts;
}

/** Makes a plan from the facts of this moment, without storing it. Does not authorise. Throws VigieError "invalid" or "not-found". */
export async function buildPlan(context: ServiceContext, request: PlanRequest): Promise<BuiltPlan> {
  const { draft, gates, target } = inStrategy(context.config, request, await parts(context, request));
  const binding = planBinding(request.kind, target, draft.from, draft.targets, gates);
  const plan: Plan = {
    hash: bindingHash(binding),
    kind: request.kind,
    strategy: strategyOf(context.config, target.name).kind,
    title: draft.title,
    environment: target.name,
    from: draft.from,
    release: draft.release,
    currentRelease: target.release?.number ?? null,
    changes: draft.changes,
    gates,
    ready: gates.every((gate) => gate.verdict === "pass") && draft.targets.length > 0,
    start: { how: "now", waits: [] },
    afterwards: afterSwitch(draft),
    breakGlassId: null,
    suggestedReason: draft.suggestedReason,
    notUndone: draft.notUndone,
    estimate: estimateDuration(await recentDurations(context.db, request.kind, target.name, 10)),
    createdAt: target.now.toISOString(),
    expiresAt: new Date(target.now.getTime() + planLifetimeMs).toISOString(),
  };
  const images: PlannedImages = Object.fromEntries(binding.targets.map((bound) => [bound.bigPod, bound.images]));
  return { plan, targets: draft.targets, images, request, binding, facts: boundFacts(target) };
}

async function parts(context: ServiceContext, request: PlanRequest): Promise<PlanParts> {
  switch (request.kind) {
    case "promotion":
      return buildPromotion(context, request);
    case "rollback":
      return buildRollback(context, request);
    case "restart":
      return buildRestart(context, request);
    case "scale":
      return buildScale(context, request);
    case "drill":
      throw new VigieError("invalid", "Drills are not configured here.");
    default:
      return assertNever(request);
  }
}

/** The binding of a stored plan, to say what differs from it now. */
export function storedBinding({ plan, targets, images }: StoredPlan): PlanBinding {
  return {
    version: 1,
    kind: plan.kind,
    environment: plan.environment,
    from: plan.from,
    targets: targets.map(({ bigPod, workload, write, colour }) => ({ bigPod, workload, images: images[bigPod] ?? {}, write, ...(colour === null ? {} : { colour }) })),
    gates: plan.gates.map((gate) => gate.name),
  };
}

/** Hex SHA-256 over the RFC 8785 canonical JSON of the binding. */
function bindingHash(binding: PlanBinding): string {
  const canonical = canonicalize(binding);
  if (canonical === undefined) throw new VigieError("invalid", "This plan cannot be put into canonical JSON.");
  return createHash("sha256").update(canonical, "utf8").digest("hex");
}
