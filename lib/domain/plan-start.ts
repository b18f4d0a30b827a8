import type { EnvironmentPolicy } from "#lib/contracts/config.ts";
import type { GateResult, Plan } from "#lib/contracts/operation.ts";
import { lets, minutes } from "#lib/domain/gate-policy.ts";
import { listed } from "#lib/domain/gate.ts";
import type { ActiveOperation } from "#lib/domain/plan-facts.ts";
import { zonedWords } from "#lib/domain/window.ts";
import type { WindowState } from "#lib/domain/window.ts";

type Wait = Plan["start"]["waits"][number];

/**
 * What a confirmation leads to. Three gates are mended by waiting: approvals that are missing, a window that opens within a year, an environment
 * that another operation has to itself. Any other gate that does not pass, and is not overruled, refuses.
 */
export function planStart(gates: readonly GateResult[], { targets, active, window }: { targets: number; active: ActiveOperation | null; window: WindowState | null }): Plan["start"] {
  const held = gates.filter((result) => !lets(result));
  const waits = held.map((result) => waitFor(result, active, window));
  if (targets === 0 || waits.some((wait) => wait === null)) return { how: "refused", waits: [] };
  const list = waits.filter((wait) => wait !== null);
  return list.length === 0 ? { how: "now", waits: [] } : { how: "waits", waits: list };
}

function waitFor(result: GateResult, active: ActiveOperation | null, window: WindowState | null): Wait | null {
  if (result.verdict !== "fail") return null;
  if (result.name === "approvals") return { for: "approvals", sentence: `it waits for approvals: ${result.evidence}`, until: null };
  if (result.name === "nothing-else-runs" && active !== null) return { for: "turn", sentence: `it waits for its turn, behind "${active.title}" (${active.actor})`, until: null };
  if (result.name === "window" && window !== null && !window.open && window.opensAt !== null) {
    return { for: "window", sentence: `it waits for ${window.name}, which opens ${zonedWords(window.opensAt, window.timeZone)}`, until: window.opensAt.toISOString() };
  }
  return null;
}

/** What happens by itself after a promotion's rollout, in sentences. Nothing when no Big Pod is changed. */
export function afterwards(environment: string, policy: Pick<EnvironmentPolicy, "bakeMinutes" | "gates" | "watch">, bigPods: readonly string[]): string[] {
  if (bigPods.length === 0) return [];
  const { bakeMinutes, watch } = policy;
  const asked = policy.gates.after.map((configured) => {
    switch (configured.kind) {
      case "no-new-alert":
        return "no new alert";
      case "smoke":
        return "smoke checks";
      case "metric":
        return `metric "${configured.name}"`;
    }
  });
  const sentences: string[] = [];
  if (asked.length > 0 || bakeMinutes > 0) {
    const what = ["every service up", ...asked].join(", ");
    sentences.push(`${bakeMinutes === 0 ? "Once everything is up" : `For ${minutes(bakeMinutes)} after everything is up`}, Vigie checks: ${what}. If one does not pass, everything returns.`);
  }
  if (watch.watchMinutes > 0) {
    const then = watch.mode === "rollback" ? "it rolls back by itself, once" : "it proposes the rollback, and changes nothing";
    sentences.push(`For ${minutes(watch.watchMinutes)} after that, Vigie watches ${listed(bigPods)} in ${environment}: if something breaks or alerts, ${then}.`);
  }
  return sentences;
}
