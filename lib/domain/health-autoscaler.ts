import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs, condition, fields, list, text, whole } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";

/** Metrics of new pods take a minute or more to come. */
const metricsGraceMs = 90_000;
const scaleGraceMs = 15_000;
/** The autoscaler's own tolerance (--horizontal-pod-autoscaler-tolerance). */
const tolerance = 0.1;

/** Utilization of processor time, as wanted and as it is, percent of the requests; null where the autoscaler goes by something else. */
function cpu(autoscaler: RawObject): { target: number; current: number } | null {
  const resource = (metrics: unknown): Record<string, unknown> | undefined =>
    list(metrics).map((m) => (m["type"] === "ContainerResource" ? fields(m["containerResource"]) : fields(m["resource"]))).find((m) => m["name"] === "cpu");
  const target = whole(fields(resource(fields(autoscaler.spec)["metrics"])?.["target"])["averageUtilization"], 0);
  const current = whole(fields(resource(fields(autoscaler.status)["currentMetrics"])?.["current"])["averageUtilization"], -1);
  return target > 0 && current >= 0 ? { target, current } : null;
}

/**
 * Health rules of a HorizontalPodAutoscaler (autoscaling/v2 conditions AbleToScale, ScalingActive, ScalingLimited): it cannot scale, it gets no metrics, or it is at its
 * maximum and the load is still above the target. Being at the maximum with the load on target is as it should be; so is a target scaled to 0.
 */
export function autoscalerFindings(bigPod: string, autoscaler: RawObject, now: Date): Finding[] {
  const on = `HorizontalPodAutoscaler ${autoscaler.metadata.name}`;
  const findings: Finding[] = [];
  const able = condition(autoscaler, "AbleToScale");
  if (able?.status === "False" && able.reason !== "BackoffBoth" && able.reason !== "BackoffDownscale" && able.reason !== "BackoffUpscale" && (ageMs(able.at, now) ?? Infinity) > scaleGraceMs) {
    const why = able.message ?? able.reason ?? "it does not say why";
    findings.push({ status: "warning", kind: "autoscaler", group: "autoscaler/able", on, tell: () => `the autoscaler of ${bigPod} cannot scale it: ${why}`, evidence: [{ kind: "condition", text: `AbleToScale is False, ${able.reason ?? ""}: ${why}`, at: able.at, on }], remedy: "Mend the autoscaler's scaleTargetRef, or what it names." });
  }
  const active = condition(autoscaler, "ScalingActive");
  if (active?.status === "False" && active.reason !== "ScalingDisabled" && (ageMs(active.at, now) ?? Infinity) > metricsGraceMs) {
    const why = active.message ?? active.reason ?? "it does not say why";
    findings.push({ status: "warning", kind: "autoscaler", group: "autoscaler/active", on, tell: () => `the autoscaler of ${bigPod} does not know its load: ${why}`, evidence: [{ kind: "condition", text: `ScalingActive is False, ${active.reason ?? ""}: ${why}`, at: active.at, on }], remedy: "Look at metrics-server, and whether every container has a cpu request." });
  }
  const limited = condition(autoscaler, "ScalingLimited");
  const maximum = whole(fields(autoscaler.spec)["maxReplicas"]);
  const load = cpu(autoscaler);
  const atMaximum = maximum > 0 && whole(fields(autoscaler.status)["currentReplicas"]) >= maximum;
  if (atMaximum && limited?.status === "True" && limited.reason === "TooManyReplicas") {
    // Without a CPU metric the autoscaler's own word that it wants more has to do.
    if (load !== null && load.current <= load.target * (1 + tolerance)) return findings;
    const still = load === null ? "its autoscaler wants more" : `still uses ${load.current} % of the CPU it asked for (target ${load.target} %)`;
    findings.push({
      status: "warning", kind: "autoscaler-maximum", group: "autoscaler/maximum", on,
      tell: () => `${bigPod} is at its maximum of ${maximum} pods and ${still}`,
      evidence: [{ kind: "condition", text: `ScalingLimited, ${limited.reason ?? ""}: ${limited.message ?? ""}`, at: limited.at, on }],
      remedy: `Raise maxReplicas of ${text(autoscaler.metadata.name) ?? "the autoscaler"} or the CPU requests, or find what uses so much.`,
    });
  }
  return findings;
}
