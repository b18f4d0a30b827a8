import { Agent, get } from "node:http";
import { gzipSync } from "node:zlib";
import type { BrowserContext } from "@playwright/test";
import { startBed } from "#bench/bed.ts";
import { cookieHeader, openBrowser, signedIn } from "#bench/browser.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { percentile } from "#bench/statistics.ts";

const warmUps = 20;
const requests = 200;
const kilobyte = 1000;

interface Script {
  name: string;
  gzipBytes: number;
  /** Named by the document itself; else loaded later by another script, still without anybody doing anything. */
  initial: boolean;
}

async function scriptsOf(context: BrowserContext): Promise<{ scripts: Script[]; transferredBytes: number }> {
  const page = await context.newPage();
  const loads: Promise<{ url: string; body: Buffer; transferred: number }>[] = [];
  page.on("requestfinished", (request) => {
    if (request.resourceType() !== "script") return;
    loads.push((async () => {
      const response = await request.response();
      if (response === null) throw new Error(`${request.url()} had no answer`);
      return { url: request.url(), body: await response.body(), transferred: (await request.sizes()).responseBodySize };
    })());
  });
  const answer = await page.goto("/");
  const html = (await answer?.text()) ?? "";
  await page.locator("[data-cell]").first().waitFor();
  // The event stream stays open for ever, so "networkidle" tells when everything else is here.
  await page.waitForLoadState("networkidle");
  const loaded = await Promise.all(loads);
  await page.close();
  const scripts = loaded.map(({ url, body }): Script => {
    const { pathname } = new URL(url);
    return { name: pathname.slice(pathname.lastIndexOf("/") + 1), gzipBytes: gzipSync(body).length, initial: new RegExp(`<(script|link)[^>]*${pathname.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}`).test(html) };
  });
  return { scripts, transferredBytes: loaded.reduce((sum, { transferred }) => sum + transferred, 0) };
}

interface Timing {
  firstByteMs: number;
  wholeMs: number;
  bytes: number;
}

function fetchPage(url: string, cookie: string, agent: Agent): Promise<Timing> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    get(url, { agent, headers: { cookie, accept: "text/html" } }, (response) => {
      const firstByteMs = performance.now() - started;
      let bytes = 0;
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("error", reject);
      response.on("end", () => (response.statusCode === 200 ? resolve({ firstByteMs, wholeMs: performance.now() - started, bytes }) : reject(new Error(`GET ${url}: ${response.statusCode}`))));
    }).on("error", reject);
  });
}

async function timings(url: string, cookie: string, parallel: number, count: number): Promise<Timing[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const taken: Timing[] = [];
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) taken.push(await fetchPage(url, cookie, agent));
  };
  try {
    await Promise.all(Array.from({ length: parallel }, client));
  } finally {
    agent.destroy();
  }
  return taken;
}

/** What the overview costs a browser that was never here, and what it costs the server. */
export const firstLoad: Part = {
  name: "first-load",
  title: "First load of the overview",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const browser = await openBrowser(scope, say);
    const context = await signedIn(browser, bed.url);
    const cookie = await cookieHeader(context, bed.url);
    // The sign-in filled the cache of that context.
    const fresh = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: bed.url });
    await fresh.addCookies(await context.cookies(bed.url));
    await context.close();
    const { scripts, transferredBytes } = await scriptsOf(fresh);
    await fresh.close();
    const sum = (some: readonly Script[]): number => some.reduce((total, { gzipBytes }) => total + gzipBytes, 0) / kilobyte;
    const kilobytes = (value: number): string => `${value.toFixed(1)} kB`;
    const later = scripts.filter(({ initial }) => !initial);

    say(`${requests} requests for the overview, one after another, then 4 at a time…`);
    await timings(bed.url, cookie, 1, warmUps);
    const single = await timings(bed.url, cookie, 1, requests);
    const parallel = await timings(bed.url, cookie, 4, requests);
    const at = (sample: readonly Timing[], share: number, what: "wholeMs" | "firstByteMs"): number => percentile(sample.map((one) => one[what]), share);
    const both = (sample: readonly Timing[], what: "wholeMs" | "firstByteMs"): string => `${at(sample, 0.5, what).toFixed(1)} ms, ${at(sample, 0.95, what).toFixed(1)} ms`;
    return {
      figures: [
        limited("javascript", "Initial JavaScript of the overview, gzip", sum(scripts.filter(({ initial }) => initial)), 170, "kB", 1),
        informing("later", "Loaded later without anybody doing anything, gzip", `${kilobytes(sum(later))} in ${later.length} scripts`),
        informing("transferred", "All scripts as the server sent them", kilobytes(transferredBytes / kilobyte)),
        limited("response", "Server response (request → whole HTML), p95", at(single, 0.95, "wholeMs"), 100, "ms", 1),
        informing("response-p50", "Server response, p50", `${at(single, 0.5, "wholeMs").toFixed(1)} ms`),
        informing("first-byte", "First byte, p50 and p95", both(single, "firstByteMs")),
        informing("parallel", "4 at a time: whole HTML, p50 and p95", both(parallel, "wholeMs")),
        informing("html", "HTML, not compressed", kilobytes((single[0]?.bytes ?? 0) / kilobyte)),
      ],
      notes: [
        "Initial are the scripts the HTML itself names; bodies are compressed here with gzip's ordinary level. kB are 10³ bytes.",
        `Scripts, gzip: ${scripts.toSorted((a, b) => b.gzipBytes - a.gzipBytes).map(({ name, gzipBytes, initial }) => `${name} ${kilobytes(gzipBytes / kilobyte)}${initial ? "" : " (later)"}`).join(", ")}.`,
        `Response times: ${requests} requests over a kept connection after ${warmUps} to warm up, signed in, no compression asked for.`,
      ],
    };
  },
};
