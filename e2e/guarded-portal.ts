import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { root } from "#lib/runtime/home.ts";
import { freePort } from "#lib/runtime/postgres/embedded.ts";
import { bundleSandbox } from "#lib/runtime/stack/build.ts";
import { startChild } from "#lib/runtime/stack/child.ts";
import type { Child } from "#lib/runtime/stack/child.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";
import type { Stack } from "#lib/runtime/stack/stack.ts";

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
    mkdirSync(join(folder, "logs"));
    // Alone, because the stack would use the configuration that the sandbox writes as it is.
    const child = startChild("sandbox", await bundleSandbox(folder), { env: { VIGIE_ROOT: root, VIGIE_HOME: folder, SANDBOX_PORTAL_URL: `http://127.0.0.1:${port}` }, logFile: join(folder, "logs", "sandbox.log") });
    stops.push(() => child.stop());
    const sandbox = await sandboxReady(child);
    const config = join(dirname(sandbox.configFile), "guarded.yaml");
    writeFileSync(config, withGuards(readFileSync(sandbox.configFile, "utf8"), new Date()));
    const stack = await startStack({ sandbox: false, config, folder, host: "127.0.0.1", port, mode, durable: false, say: () => undefined });
    stops.push(() => stack.stop());
    return { url: stack.url, stack, console: sandbox.console, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface SandboxReady {
  console: string;
  configFile: string;
}

/** The one line that the sandbox prints when all of it answers. */
function sandboxReady(child: Child): Promise<SandboxReady> {
  const line = new Promise<SandboxReady>((resolve) => {
    let text = "";
    child.process.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const found = text.split("\n").slice(0, -1).find((one) => one.startsWith('{"ready":true'));
      if (found !== undefined) resolve(JSON.parse(found));
    });
  });
  return Promise.race([line, child.exited.then((sentence) => Promise.reject(new Error(`${sentence}:\n${child.tail()}`)))]);
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
