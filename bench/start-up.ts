import { spawn, spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "#bench/bed.ts";
import { informing, limited } from "#bench/part.ts";
import type { Figure, Part } from "#bench/part.ts";
import type { Scope } from "#bench/scope.ts";
import { median } from "#bench/statistics.ts";
import { root } from "#lib/runtime/home.ts";
import { freePort } from "#lib/runtime/free-port.ts";
import { webBuild } from "#lib/runtime/stack/build.ts";

const laterStarts = 3;
const patienceMs = 400_000;

/** Runs `npm run demo`'s command in a checkout until it says that it is ready, then Ctrl-C. Returns the seconds of both. */
async function demo(scope: Scope, checkout: string, home: string): Promise<{ readySeconds: number; stopSeconds: number }> {
  const started = performance.now();
  const env: NodeJS.ProcessEnv = { ...process.env, VIGIE_HOME: home, PORT: String(await freePort()), HOST: "127.0.0.1" };
  const child = spawn(process.execPath, [join(checkout, "lib/runtime/commands/demo.ts")], { cwd: checkout, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let words = "";
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  scope.add(async () => {
    child.kill("SIGINT");
    await exited;
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo was not ready after ${patienceMs / 1000} s: ${words.slice(-2000)}`)), patienceMs);
    void exited.then(() => reject(new Error(`the demo ended by itself: ${words.slice(-2000)}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        words += chunk.toString();
        if (!words.includes("Vigie is ready")) return;
        clearTimeout(timer);
        resolve();
      });
    }
    void exited.then(() => clearTimeout(timer));
  });
  const ready = performance.now();
  child.kill("SIGINT");
  await exited;
  return { readySeconds: (ready - started) / 1000, stopSeconds: (performance.now() - ready) / 1000 };
}

const notCopied = ["node_modules", ".next", ".vigie", ".git", "next-env.d.ts"];

/** A checkout as it is after `npm ci`: nothing was built or started there yet. */
function freshCheckout(scope: Scope): string {
  const folder = temporaryFolder(scope);
  cpSync(root, folder, { recursive: true, filter: (path) => !notCopied.some((name) => path === join(root, name)) });
  // Hard links where they can be made: the same files in a second, as npm would have put them there.
  const linked = spawnSync("cp", ["-al", join(root, "node_modules"), folder], { stdio: "ignore" }).status === 0;
  if (!linked) cpSync(join(root, "node_modules"), join(folder, "node_modules"), { recursive: true, verbatimSymlinks: true });
  return folder;
}

/** From the command to "Vigie is ready". */
export const startUp: Part = {
  name: "start-up",
  title: "Start-up of the demo",
  async run({ scope, say, cold }) {
    const figures: Figure[] = [];
    if (cold) {
      say("A cold start, build included, in a copy of the checkout…");
      const checkout = freshCheckout(scope);
      figures.push(limited("cold", "Cold start (after npm ci; builds the web part)", (await demo(scope, checkout, join(checkout, ".vigie"))).readySeconds, 180, "s", 1));
    }
    await webBuild(say);
    const home = temporaryFolder(scope);
    const first = await demo(scope, root, home);
    const later: Awaited<ReturnType<typeof demo>>[] = [];
    for (let index = 0; index < laterStarts; index++) later.push(await demo(scope, root, home));
    const ready = later.map(({ readySeconds }) => readySeconds);
    return {
      figures: [
        ...figures,
        limited("later", `Later start, median of ${laterStarts}`, median(ready), 15, "s", 1),
        informing("longest", "Later start, longest", `${Math.max(...ready).toFixed(1)} s`),
        informing("first", "First start in an empty home folder, web part already built", `${first.readySeconds.toFixed(1)} s`),
        informing("stop", "Ctrl-C → everything ended, longest", `${Math.max(...later.map(({ stopSeconds }) => stopSeconds)).toFixed(1)} s`),
      ],
      notes: [`From the start of the command to its line "Vigie is ready". ${cold ? "Cold: a copy of the sources with node_modules, without .next and .vigie." : "The cold start is measured with `npm run bench -- start-up --cold`."}`],
    };
  },
};
