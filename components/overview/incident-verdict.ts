import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { isBlindness } from "#components/incident/incident-words.ts";
import { ageWords } from "#lib/domain/freshness.ts";
import type { Verdict } from "#lib/domain/verdict.ts";

export interface VerdictWithIncident extends Verdict {
  /** Open incident that the sentence speaks of. */
  incident: IncidentSummary | null;
}

/**
 * The verdict of the tiles with what incidents know besides. In production (the last environment) an open critical incident is the verdict, also when every tile is
 * green: its alerts see what health checks do not. While the monitoring is blind, well is not said.
 * @param open open incidents, worst first.
 */
export function withIncidents(verdict: Verdict, open: readonly IncidentSummary[], { environments, bigPods }: Pick<PlatformSnapshot, "environments" | "bigPods">, now: Date): VerdictWithIncident {
  const production = environments.at(-1)?.name;
  const here = open.filter((incident) => incident.environment === production);
  const trouble = here.filter((incident) => !isBlindness(incident));
  // What the tiles say is told with the incident of the same Big Pod, whatever its severity.
  const same = verdict.environment === production && verdict.bigPod !== null ? trouble.find((incident) => incident.bigPod === verdict.bigPod) : undefined;
  if (verdict.status === "broken") return { ...verdict, incident: same ?? null };
  const critical = trouble.find((incident) => incident.severity === "critical");
  if (critical && production !== undefined && verdict.status !== "stale") {
    const title = bigPods.find((bigPod) => bigPod.name === critical.bigPod)?.title ?? critical.bigPod;
    const ageSeconds = Math.max(0, Math.floor((now.getTime() - Date.parse(critical.onsetAt)) / 1000));
    const sentence = `${title === null ? `${production} is` : `${title} is`} in trouble${title === null ? "" : ` in ${production}`} for ${ageWords(ageSeconds)}: ${critical.title}`;
    return { ...verdict, status: "broken", sentence, environment: production, bigPod: critical.bigPod, since: critical.onsetAt, incident: critical };
  }
  const blind = open.find(isBlindness);
  if (verdict.status === "healthy" && blind) return { ...verdict, status: "unknown", sentence: `Nobody can say whether production is well: ${blind.title}`, since: blind.onsetAt, incident: blind };
  return { ...verdict, incident: same ?? null };
}
