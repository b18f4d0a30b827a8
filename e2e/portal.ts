import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#lib/runtime/free-port.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";
import type { SandboxAddresses, Stack } from "#lib/runtime/stack/stack.ts";

export interface Vigie {
  url: string;
  /** The bootstrap token: role admin. */
  token: string;
  /** Its home folder. */
  folder: string;
  stack: Stack;
  stop(): Promise<void>;
}

export interface Portal extends Vigie {
  sandbox: SandboxAddresses;
}

/** A whole Vigie with its sandbox in a folder and on ports of its own, as `npm run demo` starts it. */
export async function startPortal(): Promise<Portal> {
  const vigie = await startVigie({ sandbox: true });
  const { sandbox } = vigie.stack;
  if (sandbox === null) throw new Error("the stack has no sandbox");
  return { ...vigie, sandbox };
}

/** A whole Vigie in a folder and on a port of its own: with its sandbox, or for the platform of a configuration file, as `npm start` starts it. */
export async function startVigie(platform: { sandbox: true } | { sandbox: false; config: string }): Promise<Vigie> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-e2e-"));
  chmodSync(folder, 0o711);
  const token = `bootstrap-${randomBytes(24).toString("hex")}`;
  const remove = (): void => {
    if (process.env.VIGIE_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const stack = await startStack({ ...platform, folder, host: "127.0.0.1", port: await freePort(), mode: "production", durable: false, env: { VIGIE_BOOTSTRAP_TOKEN: token }, say: () => undefined });
    const stop = async (): Promise<void> => {
      await stack.stop();
      remove();
    };
    return { url: stack.url, token, folder, stack, stop };
  } catch (error) {
    remove();
    throw error;
  }
}
