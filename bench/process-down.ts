import { setTimeout as wait } from "node:timers/promises";
import { allHealthy, startBed } from "#bench/bed.ts";
import { openBrowser, signedIn } from "#bench/browser.ts";
import { seconds } from "#bench/operating.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { median, percentile } from "#bench/statistics.ts";
import { OverviewPage } from "#e2e/pages.ts";
import { isGivenUp, sandboxConsole } from "#e2e/sandbox-console.ts";
import type { SandboxConsole } from "#e2e/sandbox-console.ts";

const rounds = 30;
const environments = ["dev", "staging", "prod"] as const;
const bigPod = "experience";
const victim = "voyage";
/** Between two looks at the sandbox's supervisors: what is measured may be this much too small. */
const lookEveryMs = 10;

/** Waits until a supervisor has given the process up; the moment by this machine's clock. */
async function givenUp(sandbox: SandboxConsole, target: { environment: string; bigPod: string; process: string }): Promise<number> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await wait(lookEveryMs)) if (isGivenUp(await sandbox.state(), target)) return Date.now();
  throw new Error(`no supervisor of ${target.bigPod} in ${target.environment} gave ${target.process} up within a minute`);
}

/** How long a dead process in a ready pod is not on screen. */
export const processDown: Part = {
  name: "process-down",
  title: "A process that its supervisor gave up, in a ready pod",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const sandbox = sandboxConsole(bed.sandbox.console);
    const browser = await openBrowser(scope, say);
    const overview = await new OverviewPage(await (await signedIn(browser, bed.url)).newPage()).open();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const environment = environments[round % environments.length] ?? "dev";
      const target = { environment, bigPod, process: victim };
      await bed.api.until("state", allHealthy, 90_000);
      // Somewhere in the second between two questions to the pods.
      await wait(Math.random() * 1_000);
      // Only the sentence of the cause has these words: while it is still tried again, it says so in others.
      const shown = await overview.noteFirst("is FATAL");
      await sandbox.post("faults/crash", { ...target, lasting: true });
      const at = await givenUp(sandbox, target);
      times.push((await shown(bigPod, environment)) - at);
      const told = await overview.cell(bigPod, environment).textContent();
      if (told?.includes(`${victim} in ${bigPod}-`) !== true) throw new Error(`${bigPod} in ${environment} does not name ${victim}: ${told}`);
      await sandbox.post("faults/heal", target);
    }
    return {
      figures: [
        limited("p95", "given up → the sentence that names the process on the overview, p95", percentile(times, 0.95) / 1000, 4, "s", 2),
        informing("p50", "the same, median", seconds(median(times))),
        informing("max", "the same, longest", seconds(percentile(times, 1))),
      ],
      notes: [`${rounds} times ${victim} of ${bigPod}, in ${environments.join(", ")} in turn: it crashes at every start until its supervisor calls it FATAL; the pod stays Ready. Timed from that moment, as the sandbox tells it when asked every ${lookEveryMs} ms, to the moment a MutationObserver of the overview sees the cause in its cell. Pods are asked once a second.`],
    };
  },
};
