import type { EnvironmentConfig } from "#lib/contracts/config.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import { readOpenIncidents, readSoakFacts } from "#lib/db/repositories/gate-facts.ts";
import { approvalsGate, freezeGate, noIncidentGate, soakGate, windowGate } from "#lib/domain/gate-policy.ts";
import { parityGate } from "#lib/domain/parity.ts";
import { visibility } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { askMetricGate } from "#lib/services/gate/metric.ts";
import { askSmokeGate } from "#lib/services/gate/smoke.ts";

export interface BeforeGates {
  source: EnvironmentFacts;
  target: EnvironmentFacts;
  /** Big Pods that were chosen, and all of the platform. */
  chosen: readonly string[];
  all: readonly string[];
  /** Big Pods whose images would change. */
  changed: readonly string[];
  approvalsGiven: number;
  /** Metrics are measured as often as configured; once when false, for a plan that is only looked at. */
  thorough: boolean;
}

/** The gates that the target's policy asks for before a promotion, in the order they are shown. Those it does not ask for are left out. */
export async function policyBeforeGates(context: ServiceContext, environment: EnvironmentConfig, facts: BeforeGates): Promise<GateResult[]> {
  const { config, db } = context;
  const { policy } = environment;
  const { source, target, chosen, all, changed } = facts;
  const from = config.environments.find((candidate) => candidate.name === source.name);
  const soak = policy.soakMinutes === 0 ? null : soakGate(source, chosen, await readSoakFacts(db, source.name, chosen), policy.soakMinutes);
  const about = changed.length === 0 ? chosen : changed;
  const configured = await Promise.all(
    policy.gates.before.map(async (gate): Promise<GateResult> => {
      switch (gate.kind) {
        case "parity":
          return parityGate(source, target, chosen);
        case "no-incident":
          return noIncidentGate(target, all, await readOpenIncidents(db, target.name), chosen);
        case "smoke": {
          const where = gate.in === "source" ? source : target;
          const subject = { environment: where.name, bigPods: config.bigPods.filter((bigPod) => about.includes(bigPod.name)), stateOf: (bigPod: string) => visibility(where, bigPod) };
          return askSmokeGate(context, gate.checks, subject, { now: target.now, phase: "before" });
        }
        case "metric": {
          const place = gate.in === "source" && from !== undefined ? from : environment;
          return askMetricGate(context, gate, place, about, facts.thorough ? gate.count : 1);
        }
      }
    }),
  );
  const timed = [windowGate(policy, target.now), freezeGate(policy, target.now), approvalsGate(policy, facts.approvalsGiven, target.now)];
  return [soak, ...configured, ...timed].filter((gate) => gate !== null);
}
