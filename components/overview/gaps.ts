import type { EnvironmentGuard, PlatformSnapshot } from "#lib/contracts/state.ts";
import { differencesBetween } from "#lib/domain/difference.ts";
import type { BigPodDifference } from "#lib/domain/difference.ts";
import type { DisplayedState } from "#lib/domain/freshness.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import { openBreakGlassOf } from "#components/guards/guard-words.ts";
import type { PipelineGap } from "#components/overview/pipeline.tsx";
import type { Refusal } from "#components/query/permissions.tsx";

/** What lies between each environment and the next, and whether it can be promoted now: if not, why, and when it will. */
export function pipelineGaps(snapshot: PlatformSnapshot, states: readonly DisplayedState[], refused: Refusal): PipelineGap[] {
  return snapshot.environments.slice(1).map((to, index) => {
    // Safe: slice(1) starts one later, so the same index names the one before.
    const from = snapshot.environments[index] as PlatformSnapshot["environments"][number];
    const bigPods = snapshot.bigPods.map((bigPod) => bigPod.name);
    const fromStates = states.filter((state) => state.environment === from.name);
    const toStates = states.filter((state) => state.environment === to.name);
    const differences = differencesBetween(bigPods, fromStates, toStates);
    const release = snapshot.releases.find((known) => known.environment === from.name);
    const what = release ? `R-${release.release}` : from.name;
    const guard = snapshot.guards.find((known) => known.environment === to.name);
    return {
      from: from.name,
      to: to.name,
      summary: summaryOf(differences),
      lines: Object.fromEntries(differences.map((difference) => [difference.bigPod, linesOf(difference)])),
      promote:
        to.promotesFrom === from.name
          ? {
              request: { kind: "promotion", from: from.name, to: to.name },
              title: `Promote ${what} to ${to.name}`,
              short: `Promote ${what} →`,
              disabledBecause: promotionBlockedBecause({ from: from.name, to: to.name, differences, fromStates, toStates, release: release?.release ?? null, guard, breakGlass: openBreakGlassOf(guard, Date.parse(snapshot.now)) !== null, refused }),
            }
          : null,
    };
  });
}

function summaryOf(differences: readonly BigPodDifference[]): string {
  const images = differences.reduce((sum, difference) => sum + difference.images.length, 0);
  if (images > 0) return `${images} ${images === 1 ? "image differs" : "images differ"}`;
  return differences.some((difference) => difference.kind === "unknown") ? "not all is known" : "the same";
}

function linesOf(difference: BigPodDifference): string[] {
  return difference.kind === "same" ? [] : [difference.summary];
}

interface Promotion {
  from: string;
  to: string;
  differences: readonly BigPodDifference[];
  fromStates: readonly DisplayedState[];
  toStates: readonly DisplayedState[];
  release: number | null;
  /** Of the target; undefined until the worker has looked. */
  guard: EnvironmentGuard | undefined;
  /** Somebody overrules the policy gates of the target right now. */
  breakGlass: boolean;
  refused: Refusal;
}

/**
 * Null when the plan may be opened. The plan's gates decide in the end; these are the reasons that can be seen from here and that no waiting mends: a shut
 * window, missing approvals or an operation before it are no reason, because the plan offers to wait for them.
 */
export function promotionBlockedBecause({ from, to, differences, fromStates, toStates, release, guard, breakGlass, refused }: Promotion): string | null {
  const denied = refused("operation.request.promotion", to, `Promoting to ${to}`);
  if (denied) return denied;
  const blind = [...fromStates, ...toStates].find((state) => state.stale !== null);
  if (blind) return `${blind.environment} cannot be seen now: ${blind.stale?.why ?? "stale"}. It can be promoted when it is seen again.`;
  if (!differences.some((difference) => difference.kind === "differs")) {
    const unknown = differences.find((difference) => difference.kind === "unknown");
    return unknown ? `What to promote is ${unknown.summary}.` : `${to} already runs the same images as ${from}.`;
  }
  const quarantined = release === null ? undefined : guard?.quarantined.find((held) => held.release === release);
  if (quarantined) return `R-${quarantined.release} is in quarantine for ${to}: ${quarantined.reason}. It can be promoted once that is lifted (Releases).`;
  const unwell = fromStates.find((state) => state.status !== "healthy");
  if (unwell && !breakGlass) return `${unwell.bigPod} in ${from} is ${healthPresentation[unwell.status].word}. It can be promoted once ${from} is healthy.`;
  return null;
}
