import type { PlanRequest } from "#lib/contracts/operation.ts";
import { isolationWays } from "#lib/domain/isolation.ts";

const name = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * A plan as it stands in an address: `promotion:staging:prod`, `rollback:prod:R-212`, `restart:prod:core`, `scale:prod:core:3`,
 * `isolate:prod:core:network`, `isolate:prod:core:scale-to-zero`, `lift-isolation:prod:core`;
 * promotion and rollback may end in a list of Big Pods (`promotion:staging:prod:core,commerce`).
 */
export function formatPlanLink(request: PlanRequest): string {
  switch (request.kind) {
    case "promotion":
      return ["promotion", request.from, request.to, ...list(request.bigPods)].join(":");
    case "rollback":
      return ["rollback", request.environment, `R-${request.release}`, ...list(request.bigPods)].join(":");
    case "restart":
      return ["restart", request.environment, request.bigPods.join(",")].join(":");
    case "scale":
      return ["scale", request.environment, request.bigPod, String(request.replicas)].join(":");
    case "drill":
      return ["drill", request.environment].join(":");
    case "isolate":
      return ["isolate", request.environment, request.bigPod, request.how].join(":");
    case "lift-isolation":
      return ["lift-isolation", request.environment, request.bigPod].join(":");
  }
}

/** The request a link stands for; null when it is not one. Whether it makes sense is the service's to say. */
export function parsePlanLink(text: string): PlanRequest | null {
  const [kind, first = "", second = "", third, ...rest] = text.split(":");
  if (rest.length > 0 || !name.test(first)) return null;
  if (kind === "promotion") {
    const bigPods = names(third);
    return name.test(second) && bigPods !== null ? { kind, from: first, to: second, ...(bigPods ? { bigPods } : {}) } : null;
  }
  if (kind === "rollback") {
    const bigPods = names(third);
    const release = /^R-([1-9][0-9]{0,8})$/.exec(second)?.[1];
    return release && bigPods !== null ? { kind, environment: first, release: Number(release), ...(bigPods ? { bigPods } : {}) } : null;
  }
  if (kind === "drill") return second === "" && third === undefined ? { kind, environment: first } : null;
  if (kind === "restart") {
    const bigPods = names(second);
    return bigPods && third === undefined ? { kind, environment: first, bigPods } : null;
  }
  if (kind === "scale") {
    return name.test(second) && third !== undefined && /^(0|[1-9][0-9]{0,2})$/.test(third) ? { kind, environment: first, bigPod: second, replicas: Number(third) } : null;
  }
  if (kind === "isolate") {
    const how = isolationWays.find((way) => way === third);
    return name.test(second) && how !== undefined ? { kind, environment: first, bigPod: second, how } : null;
  }
  if (kind === "lift-isolation") return name.test(second) && third === undefined ? { kind, environment: first, bigPod: second } : null;
  return null;
}

/** The number of the incident that a plan was opened from, as it stands in the address beside it (`incident=12`); null when there is none. */
export function parseIncident(text: string | null): number | null {
  return text !== null && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : null;
}

function list(bigPods: readonly string[] | undefined): string[] {
  return bigPods === undefined || bigPods.length === 0 ? [] : [bigPods.join(",")];
}

/** undefined: none given. null: not a list of names. */
function names(text: string | undefined): string[] | undefined | null {
  if (text === undefined) return undefined;
  const parts = text.split(",");
  return parts.every((part) => name.test(part)) ? parts : null;
}
