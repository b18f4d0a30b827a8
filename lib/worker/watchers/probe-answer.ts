import { z } from "zod";
import type { ServiceHealth } from "#lib/domain/health.ts";
import type { ServiceStatus } from "#lib/domain/status.ts";

/**
 * Reads health answers. Source of the format: draft-inadarei-api-health-check-06, whose status words also include
 * those of Node libraries (ok, error) and of Spring Boot (up, down). Real servers stray, so the reading is lenient.
 */

const word = z.union([z.string(), z.boolean()]).transform((value) => String(value).toLowerCase());

const checkSchema = z.looseObject({
  status: word.optional(),
  output: z.string().optional().catch(undefined),
  observedValue: z.unknown().optional(),
});
type Check = z.infer<typeof checkSchema>;

const answerSchema = z.looseObject({
  status: word.optional(),
  output: z.string().optional().catch(undefined),
  /** Draft 01 said "details" where later ones say "checks"; Spring Boot says "components". */
  checks: z.unknown().optional(),
  details: z.unknown().optional(),
  components: z.unknown().optional(),
});

export interface HealthAnswer {
  status: ServiceStatus | null;
  output: string | null;
  /** By component name in lower case ("voyage" of "voyage:process"). */
  components: ReadonlyMap<string, ServiceHealth>;
}

const words: Record<string, ServiceStatus> = {
  pass: "up", ok: "up", up: "up", healthy: "up", true: "up", running: "up",
  warn: "degraded", warning: "degraded", degraded: "degraded",
  fail: "down", error: "down", down: "down", unhealthy: "down", fatal: "down", stopped: "down", false: "down",
  starting: "starting",
};

/** Lower is worse; what is not known does not hide what is. */
const badness: readonly ServiceStatus[] = ["down", "degraded", "starting", "up", "unknown"];

function readCheck(check: Check): ServiceHealth {
  const observed = typeof check.observedValue === "string" ? check.observedValue : null;
  const stated = check.status === undefined ? undefined : words[check.status];
  const status = stated ?? (observed === null ? undefined : words[observed.toLowerCase()]) ?? "unknown";
  // A supervisor reports a process that is being started as a warning; people read it as what it is.
  const shown = status === "degraded" && observed?.toUpperCase() === "STARTING" ? "starting" : status;
  if (shown === "up") return { status: shown, detail: null };
  if (shown === "unknown") return { status: shown, detail: `its health check says ${JSON.stringify(check.status ?? observed ?? "nothing")}` };
  const output = clause(check.output);
  // FATAL says more than the output: the supervisor has given up, and no waiting helps.
  if (output !== null && observed?.toUpperCase() === "FATAL") return { status: shown, detail: `FATAL: ${output}` };
  return { status: shown, detail: output ?? (observed === null ? null : `its supervisor says ${clause(observed)}`) };
}

/** Foreign text as one line of at most 300 characters, without control characters. */
export function clause(text: string | undefined): string | null {
  const line = (text ?? "").replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim().replace(/\.$/, "");
  if (line === "") return null;
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** Each check is one object or a list of them (one per node, say): the worst counts. */
function readChecks(value: unknown): HealthAnswer["components"] {
  const components = new Map<string, ServiceHealth>();
  const byKey = z.record(z.string(), z.unknown()).safeParse(value).data ?? {};
  for (const [key, entry] of Object.entries(byKey)) {
    const [component = "", measurement] = key.toLowerCase().split(":", 2);
    for (const one of Array.isArray(entry) ? entry : [entry]) {
      const check = checkSchema.safeParse(one).data;
      if (check === undefined) continue;
      const found = readCheck(check);
      // "voyage:process" speaks of the process itself, "voyage:responseTime" of something about it: the worse wins either way.
      const known = components.get(component);
      if (known === undefined || badness.indexOf(found.status) < badness.indexOf(known.status) || (known.status === "unknown" && measurement === "process")) components.set(component, found);
    }
  }
  return components;
}

/** Null when the body is no health answer at all. */
export function readHealthAnswer(body: string): HealthAnswer | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  const answer = answerSchema.safeParse(json).data;
  if (answer === undefined) return null;
  const components = readChecks(answer.checks ?? answer.details ?? answer.components);
  const status = answer.status === undefined ? null : (words[answer.status] ?? null);
  if (status === null && components.size === 0) return null;
  return { status, output: clause(answer.output), components };
}

/**
 * What one service's own health endpoint says. Like a kubelet's HTTP probe, 200–399 is good,
 * unless the body says otherwise; 4xx other than 429 means that the question was wrong, not that the service is.
 */
export function readServiceReply(httpStatus: number, body: string, port: number, path: string): ServiceHealth {
  const answer = readHealthAnswer(body);
  const asked = `:${port}${path}`;
  if (httpStatus === 0) return { status: "down", detail: `nothing listens on port ${port}` };
  if (httpStatus >= 500) {
    const worst = [...(answer?.components ?? [])].find(([, health]) => health.status === "down");
    const why = answer?.output ?? (worst === undefined ? null : `${worst[0]}${worst[1].detail === null ? "" : `: ${worst[1].detail}`}`);
    return { status: "down", detail: `answers HTTP ${httpStatus} on ${asked}${why === null ? "" : `: ${why}`}` };
  }
  if (httpStatus === 429) return { status: "degraded", detail: `answers HTTP 429 on ${asked}: too many requests` };
  if (httpStatus >= 400) return { status: "unknown", detail: `answers HTTP ${httpStatus} on ${asked}; check healthPath in the configuration` };
  const status = answer?.status ?? "up";
  return { status, detail: status === "up" ? null : (answer?.output ?? `says that it is ${status}`) };
}
