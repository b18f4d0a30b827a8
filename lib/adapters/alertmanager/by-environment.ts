import { createAlertmanager } from "#lib/adapters/alertmanager/alertmanager.ts";
import { authorizationOf } from "#lib/adapters/prometheus/by-environment.ts";
import type { AlertmanagerConfig, Config } from "#lib/contracts/config.ts";
import type { AlertsApi } from "#lib/ports/alerts.ts";

/**
 * The Alertmanager of each environment: the first one that names it, else the first that names none; null where there is neither. Environments of one
 * entry share one. Secrets are read at the first use. Throws VigieError "invalid" when one is missing.
 */
export function createAlertmanagerByEnvironment(config: Pick<Config, "alertmanager">, readSecret: (reference: string) => string, options: { timeoutMs?: number } = {}): (environment: string) => AlertsApi | null {
  const made = new Map<AlertmanagerConfig, AlertsApi>();
  return (environment) => {
    const chosen = config.alertmanager.find((one) => one.environments?.includes(environment)) ?? config.alertmanager.find((one) => one.environments === undefined);
    if (chosen === undefined) return null;
    const known = made.get(chosen) ?? createAlertmanager({ url: chosen.url, authorization: authorizationOf("Alertmanager", chosen, readSecret), ...options });
    made.set(chosen, known);
    return known;
  };
}
