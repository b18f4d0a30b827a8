import type { Config, SmokeCheckConfig } from "#lib/contracts/config.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { jsonPathValue } from "#lib/domain/json-path.ts";

/** One question of a smoke check: to a port of a pod, or to an address outside. */
export type SmokeAsk =
  | { kind: "pod"; label: string; bigPod: string; pod: string; port: number; path: string; check: SmokeCheckConfig }
  | { kind: "url"; label: string; url: string; check: SmokeCheckConfig }
  /** There is nothing to ask: why, and whether that is known or only unknown. */
  | { kind: "nothing"; verdict: "fail" | "inconclusive" | "error"; sentence: string };

export type SmokeReply = { kind: "answered"; status: number; body: string; elapsedMs: number } | { kind: "refused"; sentence: string } | { kind: "unreachable"; sentence: string };

export interface SmokeFinding {
  verdict: GateResult["verdict"];
  sentence: string;
}

export interface SmokePlace {
  bigPod: string;
  service: string;
  port: number;
  path: string;
}

/** Services that a check names, with where they are asked. Without `path` those that have a health path. */
export function smokePlaces(bigPods: Config["bigPods"], check: SmokeCheckConfig): SmokePlace[] {
  if (check.url !== undefined) return [];
  return bigPods
    .filter((bigPod) => check.bigPod === undefined || bigPod.name === check.bigPod)
    .flatMap((bigPod) =>
      bigPod.services
        .filter((service) => check.service === undefined || service.name === check.service)
        .flatMap((service) => {
          const path = check.path ?? service.healthPath;
          return service.port === undefined || path === undefined ? [] : [{ bigPod: bigPod.name, service: service.name, port: service.port, path }];
        }),
    );
}

/** A check in words, the same whatever runs: "voyage of experience: GET :3003/health → 200 within 5 s". */
export function smokeWords(bigPods: Config["bigPods"], check: SmokeCheckConfig): string {
  const wanted = `→ ${check.status}${check.jsonPath === undefined ? "" : `, ${check.jsonPath} = ${JSON.stringify(check.equals)}`} within ${check.latencyLimitMs} ms`;
  if (check.url !== undefined) return `GET ${check.url} ${wanted}`;
  const places = smokePlaces(bigPods, check).map((place) => `${place.service} of ${place.bigPod} :${place.port}${place.path}`);
  return `GET ${places.length === 0 ? "nothing" : places.join(", ")} ${wanted}`;
}

/** What a check asks of the pods as they are known now: each place in every ready pod. */
export function smokeAsks(environment: string, bigPods: Config["bigPods"], check: SmokeCheckConfig, stateOf: (bigPod: string) => { seen: true; state: BigPodState } | { seen: false; verdict: "inconclusive" | "error"; sentence: string }): SmokeAsk[] {
  if (check.url !== undefined) return [{ kind: "url", label: check.url, url: check.url, check }];
  const places = smokePlaces(bigPods, check);
  if (places.length === 0) return [{ kind: "nothing", verdict: "inconclusive", sentence: "no service with a port and a health path is configured for this check" }];
  return places.flatMap((place): SmokeAsk[] => {
    const seen = stateOf(place.bigPod);
    if (!seen.seen) return [{ kind: "nothing", verdict: seen.verdict, sentence: seen.sentence }];
    const ready = seen.state.pods.filter((pod) => pod.ready && !pod.terminating);
    if (ready.length === 0) return [{ kind: "nothing", verdict: "fail", sentence: `no pod of ${place.bigPod} in ${environment} is ready, so ${place.service} cannot be asked` }];
    return ready.map((pod) => ({ kind: "pod", label: `${place.service} in ${pod.name}`, bigPod: place.bigPod, pod: pod.name, port: place.port, path: place.path, check }));
  });
}

/** Judges one answer. An answer of no HTTP server, a wrong status, a wrong value or a slow one fails; what cannot be asked or read is no pass either. */
export function judgeSmoke(label: string, check: Pick<SmokeCheckConfig, "status" | "jsonPath" | "equals" | "latencyLimitMs">, reply: SmokeReply): SmokeFinding {
  if (reply.kind === "refused") return { verdict: "error", sentence: `${label} may not be asked: ${reply.sentence}` };
  if (reply.kind === "unreachable") return { verdict: "error", sentence: `${label} cannot be asked: ${reply.sentence}` };
  if (reply.status === 0) return { verdict: "fail", sentence: `${label} does not answer: ${reply.body}` };
  if (reply.status !== check.status) return { verdict: "fail", sentence: `${label} answered ${reply.status}, not ${check.status}` };
  if (!(reply.elapsedMs <= check.latencyLimitMs)) return { verdict: "fail", sentence: `${label} took ${Math.round(reply.elapsedMs)} ms, the limit is ${check.latencyLimitMs} ms` };
  if (check.jsonPath === undefined) return { verdict: "pass", sentence: `${label} answered ${reply.status} in ${Math.round(reply.elapsedMs)} ms` };
  let document: unknown;
  try {
    document = JSON.parse(reply.body);
  } catch {
    return { verdict: "fail", sentence: `${label} did not answer with JSON, so ${check.jsonPath} cannot be read` };
  }
  const found = jsonPathValue(check.jsonPath, document);
  if (!found.found) return { verdict: "inconclusive", sentence: `${label}: ${found.sentence} in its answer` };
  if (found.value !== check.equals) return { verdict: "fail", sentence: `${label}: ${check.jsonPath} is ${shown(found.value)}, not ${shown(check.equals)}` };
  return { verdict: "pass", sentence: `${label}: ${check.jsonPath} is ${shown(found.value)}` };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
