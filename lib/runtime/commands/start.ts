/** `npm start`: production. Needs a configuration file; the embedded PostgreSQL is used unless DATABASE_URL is set. */
import { join } from "node:path";
import { loadConfig } from "#lib/runtime/config.ts";
import { home, root } from "#lib/runtime/home.ts";
import { listenAddress } from "#lib/runtime/listen-address.ts";
import { runStack } from "#lib/runtime/stack/run.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
await runStack(
  async () => {
    // A mistake in the configuration is told before anything is built or started.
    loadConfig(process.env.VIGIE_CONFIG ?? join(root, "vigie.yaml"));
    return startStack({ folder: home(), ...listenAddress(), sandbox: false, mode: "production", say });
  },
  (stack) => say(`Vigie is ready: ${stack.url}`),
);
