import { setTimeout as wait } from "node:timers/promises";
import { startBed } from "#bench/bed.ts";
import { cookieHeader, openBrowser, signedIn } from "#bench/browser.ts";
import { openEventStreams } from "#bench/event-stream.ts";
import { informing } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";

const many = 50;
const settleMs = 5_000;

/** Watches open at the sandbox's API server, read `times` times a second apart: the most there were. */
async function mostWatches(consoleUrl: string, times = 5): Promise<number> {
  let most = 0;
  for (let index = 0; index < times; index++) {
    const state = await (await fetch(`${consoleUrl}/api/state`)).json();
    most = Math.max(most, state.watches);
    await wait(1_000);
  }
  return most;
}

/** Open browsers cost the API server nothing. */
export const watches: Part = {
  name: "watches",
  title: "Watches on the API server",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const browser = await openBrowser(scope, say);
    const context = await signedIn(browser, bed.url);
    const page = await context.newPage();
    await page.goto("/");
    await page.locator("[data-cell]").first().waitFor();
    await wait(settleMs);
    const withOne = await mostWatches(bed.sandbox.console);
    say(`${withOne} watches with one browser; opening ${many - 1} more streams…`);
    const open = await openEventStreams(scope, bed.url, await cookieHeader(context, bed.url), many - 1);
    await wait(settleMs);
    const withMany = await mostWatches(bed.sandbox.console);
    if (open() !== many - 1) throw new Error(`only ${open()} of ${many - 1} streams stayed open`);
    return {
      figures: [informing("one", "Watches with 1 open browser", String(withOne)), { key: "many", what: `Watches with ${many} open browsers`, value: String(withMany), aim: { text: "the same", met: withMany === withOne } }],
      notes: [`Counted by the API server of the sandbox (three environments in one cluster). One browser is Chromium with the overview, the other ${many - 1} are streams read over plain HTTP with its session.`],
    };
  },
};
