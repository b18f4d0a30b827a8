import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "#lib/runtime/home.ts";
import { freePort } from "#lib/runtime/free-port.ts";
import { bundleSandbox } from "#lib/runtime/stack/build.ts";
import { startChild } from "#lib/runtime/stack/child.ts";
import type { Child } from "#lib/runtime/stack/child.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";
import type { Stack } from "#lib/runtime/stack/stack.ts";

export interface ConfiguredPortal {
  url: string;
  stack: Stack;
  /** The sandbox's control API. */
  console: string;
  stop(): Promise<void>;
}

export interface SandboxReady {
  console: string;
  configFile: string;
  /** Where a real Prometheus finds the pods: /sd. */
  metrics: string;
}

export interface ConfiguredPortalOptions {
  mode?: "production" | "dev";
  speed?: number;
  /** Text of the configuration, from the one that the sandbox has written. What it starts is handed to `onStop`. */
  configure: (text: string, at: { sandbox: SandboxReady; portalUrl: string; onStop: (stop: () => Promise<void> | void) => void }) => string | Promise<string>;
}

/** The sandbox's platform under a configuration of one's own: sandbox, database, worker and web, in a folder that is removed in the end. */
export async function startConfiguredPortal({ mode = "production", speed, configure }: ConfiguredPortalOptions): Promise<ConfiguredPortal> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-portal-"));
  chmodSync(folder, 0o711);
  const port = await freePort();
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    mkdirSync(join(folder, "logs"));
    const portalUrl = `http://127.0.0.1:${port}`;
    // Alone, because the stack would use the configuration that the sandbox writes as it is.
    const child = startChild("sandbox", await bundleSandbox(folder), { env: { VIGIE_ROOT: root, VIGIE_HOME: folder, SANDBOX_PORTAL_URL: portalUrl, ...(speed !== undefined && { SANDBOX_SPEED: String(speed) }) }, logFile: join(folder, "logs", "sandbox.log") });
    stops.push(() => child.stop());
    const sandbox = await sandboxReady(child);
    const config = join(dirname(sandbox.configFile), "configured.yaml");
    writeFileSync(config, await configure(readFileSync(sandbox.configFile, "utf8"), { sandbox, portalUrl, onStop: (end) => void stops.push(end) }));
    const stack = await startStack({ sandbox: false, config, folder, host: "127.0.0.1", port, mode, durable: false, say: () => undefined });
    stops.push(() => stack.stop());
    return { url: stack.url, stack, console: sandbox.console, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
