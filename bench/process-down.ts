import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { allHealthy, startBed } from "#bench/bed.ts";
import { openBrowser, signedIn } from "#bench/browser.ts";
import { seconds } from "#bench/operating.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { median, percentile } from "#bench/statistics.ts";
import { sandboxConsole } from "#e2e/sandbox-console.ts";
import type { SandboxConsole } from "#e2e/sandbox-console.ts";

const rounds = 30;
const environments = ["dev", "staging", "prod"] as const;
const bigPod = "experience";
const victim = "voyage";
/** Between two looks at the sandbox's supervisors: what is measured may be this much too small. */
const lookEveryMs = 10;

/** Calls `onBroken` each time a cell of the overview comes to say that it is broken, and that it is the victim. */
async function watchCells(page: Page, onBroken: (cell: string, at: number) => void): Promise<void> {
  await page.exposeFunction("benchBroken", onBroken);
  await page.evaluate((process) => {
    const broken = new Set<string>();
    const look = (): void => {
      for (const cell of document.querySelectorAll<HTMLElement>("[data-cell]")) {
        const name = cell.dataset.cell ?? "";
        if (!cell.textContent.includes("broken") || !cell.textContent.includes(process)) broken.delete(name);
        else if (!broken.has(name)) {
          broken.add(name);
          // Safe: exposed above.
          void (window as unknown as { benchBroken(cell: string, at: number): Promise<void> }).benchBroken(name, Date.now());
        }
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  }, victim);
}

interface SeenProcess { name: string; state: string }
interface SeenEnvironment { name: string; bigPods: { name: string; pods: { processes: SeenProcess[] }[] }[] }

/** Waits until a supervisor in the environment has given the victim up; the moment by this machine's clock. */
async function givenUp(sandbox: SandboxConsole, environment: string): Promise<number> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await wait(lookEveryMs)) {
    const { world }: { world: { environments: SeenEnvironment[] } } = await sandbox.state();
    const pods = world.environments.find(({ name }) => name === environment)?.bigPods.find(({ name }) => name === bigPod)?.pods ?? [];
    if (pods.some(({ processes }) => processes.some(({ name, state }) => name === victim && state === "fatal"))) return Date.now();
  }
  throw new Error(`the supervisor of ${bigPod} in ${environment} did not give ${victim} up within a minute`);
}

/** How long a dead process in a ready pod is not on screen. */
export const processDown: Part = {
  name: "process-down",
  title: "A process that its supervisor gave up, in a ready pod",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const sandbox = sandboxConsole(bed.sandbox.console);
    const browser = await openBrowser(scope, say);
    const page = await (await signedIn(browser, bed.url)).newPage();
    await page.goto("/");
    await page.locator(`[data-cell="prod/${bigPod}"]`).waitFor();
    let heard: ((cell: string, at: number) => void) | null = null;
    await watchCells(page, (cell, at) => heard?.(cell, at));
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const environment = environments[round % environments.length] ?? "dev";
      const target = { environment, bigPod, process: victim };
      await bed.api.until("state", allHealthy, 90_000);
      // Somewhere in the second between two questions to the pods.
      await wait(Math.random() * 1_000);
      const shown = new Promise<number>((resolve) => (heard = (cell, at) => void (cell === `${environment}/${bigPod}` && resolve(at))));
      await sandbox.post("faults/crash", { ...target, lasting: true });
      const at = await givenUp(sandbox, environment);
      times.push((await shown) - at);
      await sandbox.post("faults/heal", target);
    }
    return {
      figures: [
        limited("p95", "given up → red on the overview, naming the process, p95", percentile(times, 0.95) / 1000, 4, "s", 2),
        informing("p50", "the same, median", seconds(median(times))),
        informing("max", "the same, longest", seconds(percentile(times, 1))),
      ],
      notes: [`${rounds} times ${victim} of ${bigPod}, in ${environments.join(", ")} in turn: it crashes at every start until its supervisor calls it FATAL; the pod stays Ready. Timed from that moment, as the sandbox tells it when asked every ${lookEveryMs} ms, to the moment a MutationObserver of the overview sees the cell say "broken" and name the process. Pods are asked once a second.`],
    };
  },
};
