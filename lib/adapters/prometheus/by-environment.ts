import { createPrometheus } from "#lib/adapters/prometheus/prometheus.ts";
import type { Config, PrometheusConfig } from "#lib/contracts/config.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { MetricsApi } from "#lib/ports/metrics.ts";

/**
 * The Prometheus of each environment: the first one that names it, else the first that names none; null where there is neither.
 * Secrets are read at the first use, so that a missing one is said where it matters. Throws VigieError "invalid" then.
 */
export function createPrometheusByEnvironment(config: Pick<Config, "prometheus">, readSecret: (reference: string) => string, options: { timeoutMs?: number } = {}): (environment: string) => MetricsApi | null {
  const made = new Map<PrometheusConfig, MetricsApi>();
  return (environment) => {
    const chosen = config.prometheus.find((one) => one.environments?.includes(environment)) ?? config.prometheus.find((one) => one.environments === undefined);
    if (chosen === undefined) return null;
    const known = made.get(chosen) ?? createPrometheus({ url: chosen.url, authorization: authorizationOf("Prometheus", chosen, readSecret), ...options });
    made.set(chosen, known);
    return known;
  };
}

/** Value of the Authorization header for what a configuration entry names; null without any. Throws VigieError "invalid" for a secret that is missing or no header. */
export function authorizationOf(title: string, { url, bearerToken, username, password }: Pick<PrometheusConfig, "url" | "bearerToken" | "username" | "password">, readSecret: (reference: string) => string): string | null {
  const secret = (reference: string): string => {
    const value = readSecret(reference);
    if (/[^\x20-\x7e]/.test(value)) throw new VigieError("invalid", `The secret ${reference} for ${title} at ${new URL(url).host} has characters that no header can carry. Write it again, on one line.`);
    return value;
  };
  if (bearerToken !== undefined) return `Bearer ${secret(bearerToken)}`;
  if (password === undefined) return null;
  return `Basic ${Buffer.from(`${username ?? ""}:${secret(password)}`).toString("base64")}`;
}
