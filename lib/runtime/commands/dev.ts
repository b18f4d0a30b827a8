/** `npm run dev`: as the demo, with next dev in place of the build and every log on the terminal. */
import { home } from "#lib/runtime/home.ts";
import { listenAddress } from "#lib/runtime/listen-address.ts";
import { runStack } from "#lib/runtime/stack/run.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
await runStack(
  async () => startStack({ folder: home(), ...listenAddress(), sandbox: true, mode: "dev", echo: true, say }),
  (stack) => say(`\nVigie is ready: ${stack.url}`),
);
