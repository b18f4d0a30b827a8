/** `npm run demo`: database, sandbox, worker and web on loopback. */
import { home } from "#lib/runtime/home.ts";
import { listenAddress } from "#lib/runtime/listen-address.ts";
import { runStack } from "#lib/runtime/stack/run.ts";
import { startStack } from "#lib/runtime/stack/stack.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
await runStack(
  async () => startStack({ folder: home(), ...listenAddress(), sandbox: true, mode: "production", say }),
  (stack) => {
    say(`\nVigie is ready: ${stack.url}`);
    if (stack.sandbox !== null) {
      say(`  break things:  ${stack.sandbox.console}`);
      say(`  kubectl:       kubectl --kubeconfig ${stack.sandbox.kubeconfig} get pods -A`);
    }
    say("  Ctrl-C stops everything.");
  },
);
