/** `npm start`: production. Needs a configuration file; the embedded PostgreSQL is used unless DATABASE_URL is set. */
import { home, root } from "#lib/runtime/home.ts";
import { listenAddress } from "#lib/runtime/listen-address.ts";
import { configPath, preflight } from "#lib/runtime/preflight.ts";
import { runStack } from "#lib/runtime/stack/run.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
await runStack(
  async () => {
    const address = listenAddress();
    preflight(configPath(root), "all");
    return startStack({ folder: home(), ...address, sandbox: false, mode: "production", say });
  },
  (stack) => say(`Vigie is ready: ${stack.url}`),
);
