import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "#bench/scope.ts";
import { apiClient } from "#e2e/api-client.ts";
import type { ApiAnswer, ApiClient } from "#e2e/api-client.ts";
import { freePort } from "#lib/runtime/free-port.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";
import type { SandboxAddresses, Stack } from "#lib/runtime/stack/stack.ts";

/** A whole Vigie to measure, as `npm run demo` starts it. */
export interface Bed {
  url: string;
  api: ApiClient;
  /** Of an admin, for the HTTP API. */
  token: string;
  sandbox: SandboxAddresses;
  stack: Stack;
}

export function temporaryFolder(scope: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), "vigie-bench-"));
  // The embedded PostgreSQL of root runs as another user, who must get through.
  chmodSync(folder, 0o711);
  scope.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Beside DreamScape's three Big Pods, in each of three environments: 300 workloads and 5,000 pods in all. */
export const largeWorld = { text: "97x17", pods: 3 * 97 * 17 + 18, workloads: 3 * 100 };

/**
 * Starts the stack in a folder and on ports of its own, and resolves when every Big Pod is seen, healthy and recorded. Ends with the scope.
 * `large`: with the sandbox's large world. `env`: more of the environment, for the sandbox and the portal.
 */
export async function startBed(scope: Scope, say: (line: string) => void, { large = false, env = {} }: { large?: boolean; env?: Record<string, string> } = {}): Promise<Bed> {
  const folder = temporaryFolder(scope);
  const token = `bootstrap-${randomBytes(24).toString("hex")}`;
  const starting = startStack({ folder, host: "127.0.0.1", port: await freePort(), sandbox: true, mode: "production", env: { ...env, VIGIE_BOOTSTRAP_TOKEN: token, ...(large && { SANDBOX_LARGE: largeWorld.text }) }, say });
  // A scope closed meanwhile waits for the start, so that nothing is left behind.
  scope.add(() => starting.then((stack) => stack.stop(), () => undefined));
  const stack = await starting;
  if (stack.sandbox === null) throw new Error("the stack has no sandbox");
  const api = apiClient(stack.url, token);
  await api.until("state", allHealthy, large ? 300_000 : 120_000);
  return { url: stack.url, api, token, sandbox: stack.sandbox, stack };
}

export function allHealthy(state: ApiAnswer["body"]): boolean {
  return state.environments.every((environment: ApiAnswer["body"]) => environment.bigPods.every((bigPod: { status: string; release: string | null }) => bigPod.status === "healthy" && bigPod.release !== null));
}
