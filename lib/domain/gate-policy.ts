import type { EnvironmentPolicy } from "#lib/contracts/config.ts";
import type { GateName, GateResult } from "#lib/contracts/operation.ts";
import type { Severity } from "#lib/domain/incident-status.ts";
import { gate, gateFromFindings, listed } from "#lib/domain/gate.ts";
import type { GateExtras } from "#lib/domain/gate.ts";
import { visibility } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { freezeAt, windowAt, windowWords, zonedWords } from "#lib/domain/window.ts";

/** The gates that the policy of an environment asks for, and what break-glass may overrule. */

/** Gates that break-glass overrules. The others say that the operation cannot be done well, not that somebody does not want it now. */
export const policyGates: readonly GateName[] = ["source-healthy", "soak", "parity", "no-incident", "window", "freeze", "approvals", "smoke", "metric"];

/** Gates as they count under break-glass: those of policy that do not pass keep their verdict and are marked as overruled. */
export function overrule(gates: readonly GateResult[], brokenGlass: boolean): GateResult[] {
  return gates.map((result) => (brokenGlass && result.verdict !== "pass" && policyGates.includes(result.name) ? { ...result, overruled: true } : result));
}

/** Whether an operation may go on past this gate. */
export function lets(result: Pick<GateResult, "verdict" | "overruled">): boolean {
  return result.verdict === "pass" || result.overruled;
}

/** What stands for a gate in a plan's hash: its rule as configured too, so that a changed configuration is a changed plan. */
export function gateKey(result: Pick<GateResult, "name" | "title" | "rule">): string {
  return result.rule === null ? result.name : `${result.name}: ${result.title}: ${result.rule}`;
}

/** A window is open, freezes taken out of it. */
export function windowGate({ windows, freezes }: Pick<EnvironmentPolicy, "windows" | "freezes">, now: Date): GateResult | null {
  const state = windowAt(windows, freezes, now);
  if (state === null) return null;
  const extras = { rule: windows.map(windowWords).join("; ") };
  if (state.open) return gate("window", "pass", state.closesAt === null ? `${state.name} is open` : `${state.name} is open until ${zonedWords(state.closesAt, state.timeZone)}`, now, extras);
  if (state.opensAt === null) return gate("window", "fail", "no window opens within a year: change policy.windows or policy.freezes in vigie.yaml", now, extras);
  return gate("window", "fail", `no window is open; ${state.name} opens ${zonedWords(state.opensAt, state.timeZone)}`, now, extras);
}

/** No freeze holds. */
export function freezeGate({ freezes }: Pick<EnvironmentPolicy, "freezes">, now: Date): GateResult | null {
  if (freezes.length === 0) return null;
  const extras = { rule: freezes.map((freeze) => `${freeze.name}: ${freeze.from} to ${freeze.to} ${freeze.timeZone}`).join("; ") };
  const held = freezeAt(freezes, now);
  if (held === null) return gate("freeze", "pass", "no freeze holds now", now, extras);
  return gate("freeze", "fail", `${held.name} holds until ${zonedWords(held.until, held.timeZone)}: ${held.reason}`, now, extras);
}

/** Enough people have agreed. Before an operation is requested nobody can have. */
export function approvalsGate({ approvals: { required, expiresMinutes } }: Pick<EnvironmentPolicy, "approvals">, given: number, now: Date): GateResult | null {
  if (required === 0) return null;
  const extras = { rule: `${required} of other people than the requester, each good for ${minutes(expiresMinutes)}` };
  if (given >= required) return gate("approvals", "pass", `${given} of ${required} given`, now, extras);
  return gate("approvals", "fail", given === 0 ? `${required === 1 ? "one approval is" : `${required} approvals are`} needed` : `${given} of ${required} given`, now, extras);
}

/** Since when a Big Pod has been healthy without a break, from the recorded history; null when the history does not say. */
export interface SoakFacts {
  healthySince: ReadonlyMap<string, Date | null>;
  /** Since when the environment runs what it runs now; null when that is not recorded. */
  releaseSince: Date | null;
}

/** The source has been healthy with these very images and this configuration for `soakMinutes`. */
export function soakGate(source: EnvironmentFacts, bigPods: readonly string[], soak: SoakFacts, soakMinutes: number): GateResult | null {
  if (soakMinutes === 0) return null;
  const { now } = source;
  const extras = { rule: `${source.name} healthy without a break for ${minutes(soakMinutes)}, with what it runs now` };
  if (source.release?.settled !== true || soak.releaseSince === null) return gate("soak", "inconclusive", `${source.name} has not settled on a recorded release, so nobody knows since when it runs this`, now, extras);
  const { releaseSince } = soak;
  const findings = bigPods.map((bigPod): { verdict: GateResult["verdict"]; sentence: string } => {
    const seen = visibility(source, bigPod);
    if (!seen.seen) return seen;
    if (seen.state.status === "stale" || seen.state.status === "unknown") return { verdict: "inconclusive", sentence: `${bigPod} in ${source.name} is ${seen.state.status}: ${seen.state.cause ?? "there is no data"}` };
    if (seen.state.status !== "healthy") return { verdict: "fail", sentence: `${bigPod} in ${source.name} is not healthy: ${seen.state.cause ?? seen.state.status}` };
    const healthySince = soak.healthySince.get(bigPod) ?? null;
    if (healthySince === null || Number.isNaN(healthySince.getTime() + releaseSince.getTime())) return { verdict: "inconclusive", sentence: `since when ${bigPod} in ${source.name} is healthy is not recorded` };
    const sinceMs = Math.max(healthySince.getTime(), releaseSince.getTime());
    const soakedMs = now.getTime() - sinceMs;
    if (!(soakedMs >= soakMinutes * 60_000)) return { verdict: "fail", sentence: `${bigPod} in ${source.name} has been healthy with this release for ${minutes(Math.max(0, Math.floor(soakedMs / 60_000)))} only, since ${new Date(sinceMs).toISOString()}` };
    return { verdict: "pass", sentence: bigPod };
  });
  return gateFromFindings("soak", findings, `${listed(bigPods)} in ${source.name}: healthy for ${minutes(soakMinutes)} and longer`, now, extras);
}

/** An incident that is open in the target. `monitoring`: it says that nobody would see one. */
export interface OpenIncident {
  number: number;
  title: string;
  severity: Severity;
  bigPod: string | null;
  about: "trouble" | "monitoring";
}

/**
 * Nothing is broken in the target, and no incident (critical or warning) is open there about a Big Pod of the plan or about the environment as a whole. `all`: Big Pods of
 * the platform, `chosen`: those of the plan. While the monitoring is blind nobody knows whether there is one.
 */
export function noIncidentGate(target: EnvironmentFacts, all: readonly string[], incidents: readonly OpenIncident[], chosen: readonly string[]): GateResult {
  type Finding = { verdict: GateResult["verdict"]; sentence: string };
  const extras = { rule: `no Big Pod of ${target.name} is broken, and no critical or warning incident is open there` };
  const findings = all.map((bigPod): Finding => {
    const seen = visibility(target, bigPod);
    if (!seen.seen) return seen;
    const { status, cause } = seen.state;
    if (status === "broken") return { verdict: "fail", sentence: `${bigPod} in ${target.name} is broken: ${cause ?? "no cause is known"}` };
    if (status === "stale" || status === "unknown") return { verdict: "inconclusive", sentence: `${bigPod} in ${target.name} is ${status}: ${cause ?? "there is no data"}` };
    return { verdict: "pass", sentence: bigPod };
  });
  const open = incidents
    .filter((incident) => incident.severity !== "info" && (incident.bigPod === null || chosen.includes(incident.bigPod)))
    .map((incident): Finding => ({ verdict: incident.about === "monitoring" ? "inconclusive" : "fail", sentence: `incident ${incident.number} is open${incident.bigPod === null ? "" : ` about ${incident.bigPod}`}: ${incident.title}` }));
  return gateFromFindings("no-incident", [...findings, ...open], `nothing is broken in ${target.name}, and no incident is open`, target.now, extras);
}

/** Gate results from findings of a configured check, under its own title. */
export function configuredGate(name: "smoke" | "metric" | "no-new-alert", finding: { verdict: GateResult["verdict"]; sentence: string }, at: Date, extras: Required<Omit<GateExtras, "title">> & { title?: string }): GateResult {
  return gate(name, finding.verdict, finding.sentence.slice(0, 2_000), at, extras);
}

/** "5 minutes", "2 hours", "1 day": whole units where it comes out even. */
export function minutes(count: number): string {
  const unit = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  if (count >= 1440 && count % 1440 === 0) return unit(count / 1440, "day");
  if (count >= 60 && count % 60 === 0) return unit(count / 60, "hour");
  return unit(count, "minute");
}
