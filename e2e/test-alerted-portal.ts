import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { startConfiguredPortal } from "#e2e/configured-portal.ts";
import type { ConfiguredPortal } from "#e2e/configured-portal.ts";
import { startRealAlertmanager, startRealPrometheus } from "#lib/adapters/prometheus/test-server.ts";
import { platformRules, rulesYaml } from "#sandbox/prometheus/platform-rules.ts";

export interface AlertedPortal extends ConfiguredPortal {
  prometheus: string;
  alertmanager: string;
}

/** Minutes of the configuration, short enough for a test and long enough for counts that say something. */
const incidents = { quietMinutes: 0.5, flapMinutes: 10, healthSeconds: 5, suspectMinutes: 30, compareMinutes: 1, verifyMinutes: 0.25 };
/** The platform's rules, but errors are told of after four seconds instead of a minute. */
const rules = platformRules.map((rule) => (rule.alert === "HighErrorRatio" ? { ...rule, forSeconds: 4 } : rule));

/** The sandbox's platform, watched by the real Prometheus, which tells the real Alertmanager, which tells the portal's webhook. */
export async function startAlertedPortal(mode: "production" | "dev" = "production"): Promise<AlertedPortal> {
  const addresses = { prometheus: "", alertmanager: "" };
  const portal = await startConfiguredPortal({
    mode,
    async configure(text, { sandbox, portalUrl, onStop }) {
      const secret = randomBytes(24).toString("base64url");
      writeFileSync(join(dirname(sandbox.configFile), "webhook-secret"), secret, { mode: 0o600 });
      const alertmanager = await startRealAlertmanager({
        route: { receiver: "vigie", group_by: ["environment", "bigpod"], group_wait: "200ms", group_interval: "1s", repeat_interval: "1h" },
        receivers: [{ name: "vigie", webhook_configs: [{ url: `${portalUrl}/api/webhooks/alertmanager`, send_resolved: true, http_config: { authorization: { credentials: secret } } }] }],
      });
      onStop(() => alertmanager.stop());
      const prometheus = await startRealPrometheus({
        scrapeConfigs: [{ job_name: "pods", http_sd_configs: [{ url: `${sandbox.metrics}/sd`, refresh_interval: "1s" }] }],
        rules: rulesYaml(rules, { intervalSeconds: 1 }),
        alertmanagers: [alertmanager.url],
      });
      onStop(() => prometheus.stop());
      Object.assign(addresses, { prometheus: prometheus.url, alertmanager: alertmanager.url });
      // Safe: what the sandbox has just written; the configuration's schema checks it again.
      const config = parse(text) as Record<string, unknown>;
      return stringify({ ...config, prometheus: [{ url: prometheus.url }], alertmanager: [{ url: alertmanager.url }], alerting: { pollSeconds: 2, webhookSecret: "file:./webhook-secret", watchdog: { alert: "Watchdog", silentSeconds: 60 } }, incidents });
    },
  });
  return { ...portal, ...addresses };
}
