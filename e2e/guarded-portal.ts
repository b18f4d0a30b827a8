import { parse, stringify } from "yaml";
import { startConfiguredPortal } from "#e2e/configured-portal.ts";
import type { ConfiguredPortal } from "#e2e/configured-portal.ts";

export type GuardedPortal = ConfiguredPortal;

interface GuardedConfig {
  environments: { name: string; policy: Record<string, unknown> }[];
  access: { roles: { role: string; groups: string[] }[] };
}

const hourMs = 3_600_000;

/**
 * The sandbox's platform with guards: staging has a window that opens in two hours (UTC), prod wants one approval. Rafael is a releaser and on call
 * (responder); Ada, the admin, approves and reviews.
 */
export async function startGuardedPortal(mode: "production" | "dev" = "production"): Promise<GuardedPortal> {
  return startConfiguredPortal({ mode, configure: (text) => withGuards(text, new Date()) });
}

function withGuards(text: string, now: Date): string {
  // Safe: what the sandbox has just written, of the shape that the configuration's schema checks again.
  const config = parse(text) as GuardedConfig;
  const clock = (hours: number): string => new Date(now.getTime() + hours * hourMs).toISOString().slice(11, 16);
  const policies: Record<string, Record<string, unknown>> = {
    staging: { windows: [{ name: "evening", every: "day", timeZone: "UTC", from: clock(2), to: clock(3) }] },
    prod: { approvals: { required: 1, expiresMinutes: 30 } },
  };
  for (const environment of config.environments) environment.policy = { ...environment.policy, ...policies[environment.name] };
  config.access.roles.push({ role: "responder", groups: ["dreamscape-releasers"] });
  return stringify(config);
}
