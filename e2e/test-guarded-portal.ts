import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { freePort } from "#lib/runtime/postgres/embedded.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";
import type { Stack } from "#lib/runtime/stack/stack.ts";
import { startSandbox } from "#sandbox/start.ts";

export interface GuardedPortal {
  url: string;
  stack: Stack;
  /** The sandbox's control API. */
  console: string;
  stop(): Promise<void>;
}

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
  const folder = mkdtempSync(join(tmpdir(), "vigie-guards-"));
  chmodSync(folder, 0o711);
  const port = await freePort();
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const sandbox = await startSandbox({ home: join(folder, "sandbox"), portalUrl: `http://127.0.0.1:${port}` });
    stops.push(sandbox.stop);
    const config = join(dirname(sandbox.configFile), "guarded.yaml");
    writeFileSync(config, withGuards(readFileSync(sandbox.configFile, "utf8"), new Date()));
    const stack = await startStack({ sandbox: false, config, folder, host: "127.0.0.1", port, mode, durable: false, say: () => undefined });
    stops.push(() => stack.stop());
    return { url: stack.url, stack, console: sandbox.addresses.console, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
