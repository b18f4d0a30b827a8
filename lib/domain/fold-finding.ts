import type { Evidence } from "#lib/contracts/state.ts";
import type { HealthStatus } from "#lib/domain/status.ts";
import { worstHealth } from "#lib/domain/status.ts";

/** One thing that is not as it should be, before it is known which of them is told. */
export interface Finding {
  status: Exclude<HealthStatus, "healthy" | "stale">;
  /** Among findings of one status the lowest is told: causes before symptoms. */
  rank: number;
  /** Findings of one group in several pods are told once. */
  group: string;
  /** Object it was found on: "experience-7d9f-x2". */
  on: string;
  /** The sentence, given how the place is called: "experience-7d9f-x2 (and 1 more pod)". */
  tell: (place: string) => string;
  evidence: Evidence[];
}

const maximumEvidence = 12;

/** Worst wins; its first finding is told, the evidence of all follows, worst first. No findings is healthy. */
export function conclude(findings: readonly Finding[]): { status: HealthStatus; cause: string | null; evidence: Evidence[] } {
  if (findings.length === 0) return { status: "healthy", cause: null, evidence: [] };
  const status = worstHealth(findings.map((f) => f.status));
  const ordered = [...findings].sort((a, b) => Number(b.status === status) - Number(a.status === status) || a.rank - b.rank || (a.on < b.on ? -1 : 1));
  const [first] = ordered;
  if (!first) return { status: "healthy", cause: null, evidence: [] };
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
  return { status, cause: first.tell(place), evidence: evidence.slice(0, maximumEvidence) };
}
