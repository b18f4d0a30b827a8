import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { GateResult, Plan, PlanRequest } from "#lib/contracts/operation.ts";
import type { PlannedImages, StoredPlan } from "#lib/db/repositories/plan.ts";
import { recentDurations } from "#lib/db/repositories/plan.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { gateKey, overrule } from "#lib/domain/gate-policy.ts";
import { VigieError } from "#lib/domain/error.ts";
import { estimateDuration } from "#lib/domain/operation-estimate.ts";
import { boundFacts, planBinding } from "#lib/domain/plan-binding.ts";
import type { BoundFacts, PlanBinding } from "#lib/domain/plan-binding.ts";
import { afterSwitch } from "#lib/domain/plan-colour.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import type { ActiveOperation, EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { afterwards, planStart } from "#lib/domain/plan-start.ts";
import { windowAt } from "#lib/domain/window.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { requireEnvironment } from "#lib/services/plan/names.ts";
import { buildDrill } from "#lib/services/drill/plan.ts";
import { inStrategy, strategyOf } from "#lib/services/blue-green/in-strategy.ts";
import { buildPromotion } from "#lib/services/promotion/plan.ts";
import { buildRestart } from "#lib/services/restart/plan.ts";
import { buildRollback } from "#lib/services/rollback/plan.ts";
import { buildIsolation } from "#lib/services/isolation/plan.ts";
import { buildScale } from "#lib/services/scale/plan.ts";

/** How long a plan may be confirmed. */
export const planLifetimeMs = 10 * 60_000;

/** What the part for one kind hands back: the draft of the rules, the gates' verdicts and the facts of the target they rest on. */
export interface PlanParts {
  draft: PlanDraft;
  gates: GateResult[];
  target: EnvironmentFacts;
  /** The operation that has the target to itself now. */
  active: ActiveOperation | null;
}

/** What is known besides the request when a plan is judged again. */
export interface PlanOptions {
  /** Approvals that hold for it now. */
  approvalsGiven?: number;
  /** Break-glass that the requester holds in the target: gates of policy that do not pass are overruled. */
  breakGlass?: { id: string; by: string; expiresAt: Date } | null;
  /** The operation whose turn it is: left out of "busy", and its metrics are measured as often as configured. */
  forOperation?: string;
}

/** A plan with everything that is kept of it but not shown. */
export interface BuiltPlan extends StoredPlan {
  binding: PlanBinding;
  facts: BoundFacts;
}

/**
 * Makes a plan from the facts of this moment, without storing it. Does not authorise. Gates of policy may ask Prometheus, pods and addresses outside; what
 * cannot be asked is a verdict, not an exception. Throws VigieError "invalid" or "not-found".
 */
export async function buildPlan(context: ServiceContext, request: PlanRequest, options: PlanOptions = {}): Promise<BuiltPlan> {
  const { draft, gates: judged, target, active } = inStrategy(context.config, request, await parts(context, request, options));
  const { policy } = requireEnvironment(context.config, target.name);
  const breakGlass = options.breakGlass !== undefined && options.breakGlass !== null && options.breakGlass.expiresAt > target.now ? options.breakGlass : null;
  const gates = overrule(judged, breakGlass !== null);
  const start = planStart(gates, { targets: draft.targets.length, active, window: windowAt(policy.windows, policy.freezes, target.now) });
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
    ready: start.how === "now",
    start,
    afterwards: [...(request.kind === "promotion" ? afterwards(target.name, policy, draft.targets.map((planned) => planned.bigPod)) : []), ...afterSwitch(draft)],
    breakGlassId: breakGlass?.id ?? null,
    suggestedReason: draft.suggestedReason,
    notUndone: draft.notUndone,
    estimate: estimateDuration(await recentDurations(context.db, request.kind, target.name, 10)),
    createdAt: target.now.toISOString(),
    expiresAt: new Date(target.now.getTime() + planLifetimeMs).toISOString(),
  };
  const images: PlannedImages = Object.fromEntries(binding.targets.map((bound) => [bound.bigPod, bound.images]));
  return { plan, targets: draft.targets, images, request, binding, facts: boundFacts(target) };
}

async function parts(context: ServiceContext, request: PlanRequest, options: PlanOptions): Promise<PlanParts> {
  switch (request.kind) {
    case "promotion":
      return buildPromotion(context, request, options);
    case "rollback":
      return buildRollback(context, request, options);
    case "restart":
      return buildRestart(context, request, options);
    case "scale":
      return buildScale(context, request, options);
    case "drill":
      return buildDrill(context, request, options);
    case "isolate":
    case "lift-isolation":
      return buildIsolation(context, request, options);
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
    gates: plan.gates.map(gateKey),
  };
}

/** Hex SHA-256 over the RFC 8785 canonical JSON of the binding. */
function bindingHash(binding: PlanBinding): string {
  const canonical = canonicalize(binding);
  if (canonical === undefined) throw new VigieError("invalid", "This plan cannot be put into canonical JSON.");
  return createHash("sha256").update(canonical, "utf8").digest("hex");
}
