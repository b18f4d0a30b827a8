/** Golden signals as charts show them: how they are asked, and what their answers mean. Source of the four: Google, Site Reliability Engineering, chapter 6. */
export const goldenSignalNames = ["requests", "errors", "latency", "memory", "saturation"] as const;

/** `data`: at least one value. `empty`: Prometheus answered, with nothing. `refused`: it does not understand the query. `unavailable`: it cannot be asked. */
export const goldenStates = ["data", "empty", "refused", "unavailable", "unconfigured"] as const;
export type GoldenState = (typeof goldenStates)[number];

export const longestGoldenMs = 7 * 86_400_000;
export const mostGoldenPoints = 300;
/** Round, so that two people who look at the same time see the same points. */
const roundSteps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600];

export interface GoldenGrid {
  fromMs: number;
  toMs: number;
  stepSeconds: number;
  /** Length of the window each point is about. */
  windowSeconds: number;
  count: number;
}

/**
 * Moments at which a time is asked: whole steps (a refresh a second later asks for the same points), at most 300 of them, inside from and to.
 * `leastWindowSeconds`: from the configuration, since Vigie does not know how often Prometheus scrapes.
 */
export function goldenGrid(fromMs: number, toMs: number, leastWindowSeconds: number): GoldenGrid {
  const spanSeconds = Math.max(0, toMs - fromMs) / 1000;
  const stepSeconds = roundSteps.find((step) => spanSeconds / step <= mostGoldenPoints - 1) ?? Math.ceil(spanSeconds / (mostGoldenPoints - 1) / 3_600) * 3_600;
  const stepMs = stepSeconds * 1000;
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  const last = Math.max(first, Math.floor(toMs / stepMs) * stepMs);
  return { fromMs: first, toMs: last, stepSeconds, windowSeconds: Math.max(stepSeconds, leastWindowSeconds), count: (last - first) / stepMs + 1 };
}

export interface GoldenPlace {
  environment: string;
  namespace: string;
  bigPod: string;
  /** One or several; null, or none: all of them. */
  service: string | readonly string[] | null;
  windowSeconds: number;
}

/** The query with its variables filled in: as text inside PromQL's double quotes, services as a regular expression that means just their names. */
export function fillGoldenQuery(template: string, { environment, namespace, bigPod, service, windowSeconds }: GoldenPlace): string {
  const services = service === null ? [] : [service].flat();
  const values: Record<string, string> = {
    environment: quoted(environment),
    namespace: quoted(namespace),
    bigPod: quoted(bigPod),
    service: services.length === 0 ? ".*" : quoted(services.map((name) => name.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")).join("|")),
    range: `${windowSeconds}s`,
  };
  return template.replaceAll(/\$(environment|namespace|bigPod|service|range)\b/g, (variable, name: string) => values[name] ?? variable);
}

/** Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals */
function quoted(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** Points at the moments of the grid. What is missing, NaN or infinite is null: there is no number to show. Points beside the grid are left out. */
export function onGrid(points: readonly { atMs: number; value: number }[], { fromMs, stepSeconds, count }: GoldenGrid): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: count }, () => null);
  for (const { atMs, value } of points) {
    const index = (atMs - fromMs) / (stepSeconds * 1000);
    if (Number.isInteger(index) && index >= 0 && index < count && Number.isFinite(value)) values[index] = value;
  }
  return values;
}

/** Counts over a window as a rate per second. A counter that was not read is a gap. */
export function perSecond(counts: readonly (number | null)[], windowSeconds: number): (number | null)[] {
  return counts.map((count) => (count === null ? null : count / windowSeconds));
}

/**
 * Share of requests that failed. Without a request there is nothing to divide, and where failures were not read nothing is known: both are gaps, never 0.
 * increase() extrapolates both counters alone, so that the quotient may stand a little above 1: it is held there.
 */
export function errorRatio(errors: readonly (number | null)[], requests: readonly (number | null)[]): (number | null)[] {
  return requests.map((all, index) => {
    const failed = errors[index] ?? null;
    return all === null || failed === null || all <= 0 ? null : Math.min(1, Math.max(0, failed / all));
  });
}

/** Points for a picture (chartSvg). */
export function goldenPoints({ from, stepSeconds }: { from: string; stepSeconds: number }, values: readonly (number | null)[]): { atMs: number; value: number | null }[] {
  const fromMs = Date.parse(from);
  return values.map((value, index) => ({ atMs: fromMs + index * stepSeconds * 1000, value }));
}
