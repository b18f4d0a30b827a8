import type { Evidence } from "#lib/contracts/state.ts";
import { rankOf } from "#lib/domain/fold-order.ts";
import type { FindingKind } from "#lib/domain/fold-order.ts";
import type { HealthStatus } from "#lib/domain/status.ts";
import { worstHealth } from "#lib/domain/status.ts";

/** One thing that is not as it should be, before it is known which of them is told. */
export interface Finding {
  status: Exclude<HealthStatus, "healthy" | "stale">;
  /** Among findings of one status the kind that stands first in fold-order.ts is told: causes before symptoms. */
  kind: FindingKind;
  /** Findings of one group in several pods are told once. */
  group: string;
  /** Object it was found on: "experience-7d9f-x2". */
  on: string;
  /** The sentence, given how the place is called: "experience-7d9f-x2 (and 1 more pod)". */
  tell: (place: string) => string;
  evidence: Evidence[];
  /** What would help, in one sentence. */
  remedy: string;
}

export interface Conclusion {
  status: HealthStatus;
  cause: string | null;
  kind: FindingKind | null;
  remedy: string | null;
  evidence: Evidence[];
}

/** `first` whatever else there is, which only adds to the evidence. */
export function concludeFirst(first: Finding, findings: readonly Finding[]): Conclusion {
  return { status: first.status, cause: first.tell(first.on), kind: first.kind, remedy: first.remedy, evidence: [...first.evidence, ...conclude(findings).evidence].slice(0, maximumEvidence) };
}

const maximumEvidence = 12;
const well: Conclusion = { status: "healthy", cause: null, kind: null, remedy: null, evidence: [] };

/** Worst wins; its first finding is told, the evidence of all follows, worst first. No findings is healthy. */
export function conclude(findings: readonly Finding[]): Conclusion {
  if (findings.length === 0) return well;
  const status = worstHealth(findings.map((f) => f.status));
  const ordered = [...findings].sort((a, b) => Number(b.status === status) - Number(a.status === status) || rankOf(a.kind) - rankOf(b.kind) || (a.on < b.on ? -1 : 1));
  const [first] = ordered;
  if (!first) return well;
  const places = new Set(ordered.filter((f) => f.status === status && f.group === first.group).map((f) => f.on));
  const others = places.size - 1;
  const place = others === 0 ? first.on : `${first.on} (and ${others} more ${others === 1 ? "pod" : "pods"})`;
  const seen = new Set<string>();
  const evidence = ordered
    .flatMap((f) => f.evidence)
    .filter((e) => {
      const key = `${e.kind}|${e.on ?? ""}|${e.text}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
  return { status, cause: first.tell(place), kind: first.kind, remedy: first.remedy, evidence: evidence.slice(0, maximumEvidence) };
}
