import type { PlanRequest } from "#lib/contracts/operation.ts";

const name = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * A plan as it stands in an address: `promotion:staging:prod`, `rollback:prod:R-212`, `restart:prod:core`, `scale:prod:core:3`;
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
  return null;
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
