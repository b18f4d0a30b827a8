import type { GateResult } from "#lib/contracts/operation.ts";
import { parseImage, placeOfRepository } from "#lib/domain/fold-image.ts";
import { gate, gateFromFindings } from "#lib/domain/gate.ts";

/** What the registry said about one image. `missing`: it answered and does not have it. `unasked`: it could not be asked. */
export type Inspection = { kind: "found"; platforms: readonly string[] } | { kind: "missing" } | { kind: "unasked"; sentence: string };

export interface ImageQuestion {
  bigPod: string;
  reference: string;
  /** "linux/arm64": each of these must be there. */
  platforms: readonly string[];
  /** Where the platforms come from, for the evidence. */
  platformsFrom: string;
  answer: Inspection;
}

/** Assumed when neither the template nor the running image tells: the small ARM machines Vigie is made for. */
export const assumedPlatform = "linux/arm64";

/**
 * Which platforms an image must have for a workload, best knowledge first: what the template's node selector or required affinity
 * asks for; else every platform of the image that runs there now (any node may get the pod); else `assumedPlatform`.
 */
export function neededPlatforms(template: Readonly<Record<string, unknown>> | null, running: Inspection | null): { platforms: string[]; from: string } {
  const selected = template === null ? [] : selectedArchitectures(template);
  if (selected.length > 0) return { platforms: selected.map((architecture) => `linux/${architecture}`), from: "the workload's node selector" };
  const known = running?.kind === "found" ? running.platforms.filter((platform) => platform.startsWith("linux/")) : [];
  if (known.length > 0) return { platforms: known, from: "the image that runs there now" };
  return { platforms: [assumedPlatform], from: "the default" };
}

function selectedArchitectures(template: Readonly<Record<string, unknown>>): string[] {
  const spec = object(template.spec);
  const selector = object(spec.nodeSelector);
  const direct = selector["kubernetes.io/arch"] ?? selector["beta.kubernetes.io/arch"];
  if (typeof direct === "string") return [direct];
  const terms = object(object(object(spec.affinity).nodeAffinity).requiredDuringSchedulingIgnoredDuringExecution).nodeSelectorTerms;
  if (!Array.isArray(terms)) return [];
  // Terms are alternatives: only when each names architectures is the set known.
  const perTerm = terms.map((term: unknown) => {
    const expressions = object(term).matchExpressions;
    const match = Array.isArray(expressions) ? expressions.map(object).find((expression) => expression.key === "kubernetes.io/arch" && expression.operator === "In") : undefined;
    return Array.isArray(match?.values) ? match.values.filter((value: unknown) => typeof value === "string") : [];
  });
  return perTerm.every((values) => values.length > 0) ? [...new Set(perTerm.flat())] : [];
}

/** The registry has each image for each needed platform. It cannot be asked: `error`. It does not have it: `fail`. */
export function imagesPresent(questions: readonly ImageQuestion[], at: Date): GateResult {
  if (questions.length === 0) return gate("images-present", "pass", "no image is written", at);
  const findings = questions.map((question): { verdict: GateResult["verdict"]; sentence: string } => {
    const { answer, bigPod, reference } = question;
    const { host, path, implied } = placeOfRepository(parseImage(reference).repository);
    // Kubernetes pulls it from there, but hardly anybody means it who writes no registry for an image of their own.
    const hint = implied ? ` (it names no registry, so ${host}/${path} is meant: if that is wrong, write the registry's host before it in the workload)` : "";
    if (answer.kind === "unasked") return { verdict: "error", sentence: `the registry cannot be asked for ${reference}: ${answer.sentence}${hint}` };
    if (answer.kind === "missing") return { verdict: "fail", sentence: `${reference} (${bigPod}) is not in the registry${implied ? hint : " any more"}: push it again, or promote another release` };
    const absent = question.platforms.filter((platform) => !answer.platforms.some((have) => have === platform || have.startsWith(`${platform}/`)));
    if (absent.length > 0) return { verdict: "fail", sentence: `${reference} (${bigPod}) has no image for ${absent.join(", ")} (needed by ${question.platformsFrom}); it has ${answer.platforms.join(", ") || "none"}: build it for that architecture` };
    return { verdict: "pass", sentence: reference };
  });
  const platforms = [...new Set(questions.flatMap((question) => question.platforms))].sort();
  return gateFromFindings("images-present", findings, `found by digest for ${platforms.join(", ")}`, at);
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}; // narrowed just before
}
