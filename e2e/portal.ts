import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#lib/runtime/postgres/embedded.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";
import type { SandboxAddresses, Stack } from "#lib/runtime/stack/stack.ts";

export interface Portal {
  url: string;
  token: string;
  sandbox: SandboxAddresses;
  stack: Stack;
  stop(): Promise<void>;
}

/** A whole Vigie with its sandbox in a folder and on ports of its own, as `npm run demo` starts it. */
export async function startPortal(): Promise<Portal> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-e2e-"));
  chmodSync(folder, 0o711);
  const token = `bootstrap-${randomBytes(24).toString("hex")}`;
  const stack = await startStack({ folder, host: "127.0.0.1", port: await freePort(), sandbox: true, mode: "production", durable: false, env: { VIGIE_BOOTSTRAP_TOKEN: token }, say: () => undefined });
  if (stack.sandbox === null) throw new Error("the stack has no sandbox");
  return {
    url: stack.url,
    token,
    sandbox: stack.sandbox,
    stack,
    async stop() {
      await stack.stop();
      if (process.env.VIGIE_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
