import { fields, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import type { Finding } from "#lib/domain/fold-finding.ts";
import { matchesLabels } from "#lib/domain/surroundings.ts";

/** A Big Pod that is cut off: how its workload is marked, what the NetworkPolicy says, what others let through all the same. */

export const isolationWays = ["network", "scale-to-zero"] as const;
export type IsolationWay = (typeof isolationWays)[number];

/** On the Deployment, as JSON: who cut it off, how, since when, by which operation, and how many replicas it had. */
export const isolationAnnotation = "vigie.dev/isolated";
const managedLabel = "app.kubernetes.io/managed-by";

export interface IsolationMark {
  how: IsolationWay;
  by: string;
  since: string;
  operationId: string;
  replicas: number;
}

/** What the annotation of a workload says. Null: there is none. Odd content is read as far as it goes: a mark that cannot be read still marks. */
export function readIsolation(annotations: Readonly<Record<string, string>> | undefined): IsolationMark | null {
  const value = annotations?.[isolationAnnotation];
  if (value === undefined) return null;
  const mark = fields(parsed(value));
  const since = text(mark["since"]);
  const replicas = mark["replicas"];
  return {
    how: mark["how"] === "scale-to-zero" ? "scale-to-zero" : "network",
    by: (text(mark["by"]) ?? "somebody").slice(0, 200),
    since: since !== null && !Number.isNaN(Date.parse(since)) ? new Date(since).toISOString() : new Date(0).toISOString(),
    operationId: (text(mark["operationId"]) ?? "").slice(0, 64),
    replicas: typeof replicas === "number" && Number.isSafeInteger(replicas) && replicas >= 0 ? replicas : 1,
  };
}

export function writeIsolation({ how, by, since, operationId, replicas }: IsolationMark): string {
  return JSON.stringify({ how, by, since, operationId, replicas });
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

export function isolationPolicyName(workload: string): string {
  return `vigie-isolate-${workload}`;
}

/** Selects nothing: what is made first, so that a creation that arrives late cuts nobody off. */
const nobody = { matchLabels: { "vigie.dev/isolated": "nobody" } };

/** The NetworkPolicy as it is made: it selects no pod yet. `marks`: annotations of the operation that writes it. */
export function inertPolicy(workload: string, namespace: string, marks: Readonly<Record<string, string>>): Record<string, unknown> {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: isolationPolicyName(workload), namespace, labels: { [managedLabel]: "vigie", "vigie.dev/isolates": workload }, annotations: { ...marks } },
    spec: { podSelector: nobody, policyTypes: ["Ingress", "Egress"] },
  };
}

/** Puts it in force, as JSON merge patch of its spec: nothing in, nothing out. A policy of both types without rules denies all (Kubernetes, "Network Policies"). */
export function forcingPatch(selector: unknown): Record<string, unknown> {
  const { matchLabels, matchExpressions } = fields(selector);
  return { podSelector: { matchLabels: { "vigie.dev/isolated": null, ...fields(matchLabels) }, ...(matchExpressions === undefined ? {} : { matchExpressions }) }, policyTypes: ["Ingress", "Egress"], ingress: null, egress: null };
}

export function isOurPolicy(policy: RawObject): boolean {
  return policy.metadata.labels?.[managedLabel] === "vigie";
}

/** Whether it cuts off every pod of these labels, both ways. */
export function isInForce(policy: RawObject, labels: Readonly<Record<string, unknown>>): boolean {
  const spec = fields(policy.spec);
  const types = Array.isArray(spec["policyTypes"]) ? (spec["policyTypes"] as unknown[]) : []; // checked just before
  return policy.metadata.deletionTimestamp === undefined && types.includes("Ingress") && types.includes("Egress") && !allows(spec["ingress"]) && !allows(spec["egress"]) && matchesLabels(spec["podSelector"], labels);
}

function allows(rules: unknown): boolean {
  return Array.isArray(rules) && rules.length > 0;
}

/** Names of other policies that let traffic of these pods through: NetworkPolicies add up, none takes away what another allows. */
export function policiesInTheWay(policies: Iterable<RawObject>, own: string, labels: Readonly<Record<string, unknown>>): string[] {
  return [...policies]
    .filter((policy) => {
      const spec = fields(policy.spec);
      return policy.metadata.name !== own && matchesLabels(spec["podSelector"], labels) && (allows(spec["ingress"]) || allows(spec["egress"]));
    })
    .map((policy) => policy.metadata.name)
    .toSorted();
}

/** The workload is marked before the policy stands: so long nobody wonders where it is. */
const cuttingMs = 15_000;

/** "2026-11-21 14:02 UTC" */
export function utcMinute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/**
 * What an isolated Big Pod is said to be: paused, and never better. A warning when somebody undid it by hand: it is reachable then, whatever the mark says.
 * `policies` null: they are not known.
 */
export function isolationFinding(deployment: RawObject, mark: IsolationMark, given: { desired: number; labels: Readonly<Record<string, unknown>>; policies: readonly RawObject[] | null; now: Date }): Finding {
  const name = deployment.metadata.name;
  const who = `isolated by ${mark.by} since ${utcMinute(mark.since)}`;
  const evidence: Finding["evidence"] = [{ kind: "status", text: `${isolationAnnotation}: ${mark.how}, by operation ${mark.operationId}`, at: mark.since, on: `Deployment ${name}` }];
  const finding = (status: Finding["status"], sentence: string, remedy: string): Finding => ({ status, kind: "isolated", group: "isolated", on: `Deployment ${name}`, tell: () => sentence, evidence, remedy });
  if (mark.how === "scale-to-zero") {
    if (given.desired === 0) return finding("paused", `${who}: scaled to 0`, "Lift the isolation when it may run again.");
    return finding("warning", `${who}, but somebody gave it ${given.desired} ${given.desired === 1 ? "pod" : "pods"} again`, "Lift the isolation, or scale it to 0 again.");
  }
  const policy = given.policies?.find((candidate) => candidate.metadata.name === isolationPolicyName(name));
  const gone = given.policies !== null && (policy === undefined || !isInForce(policy, given.labels));
  const beingCut = given.now.getTime() - Date.parse(mark.since) < cuttingMs;
  if (gone && !beingCut) return finding("warning", `${who}, but NetworkPolicy ${isolationPolicyName(name)} is not in force: it can be reached`, "Lift the isolation and isolate it again, or only lift it.");
  return finding("paused", `${who}: nothing gets in or out`, "Lift the isolation when it may be reached again.");
}
