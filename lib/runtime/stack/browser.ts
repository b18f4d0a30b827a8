import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Flags for a browser that has no display, no GPU and no network beyond this machine. */
export const browserFlags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

async function present(): Promise<string | null> {
  const given = process.env.VIGIE_BROWSER;
  if (given !== undefined) return existsSync(given) ? given : null;
  const { chromium } = await import("@playwright/test");
  return [chromium.executablePath(), ...places].find((path) => path !== "" && existsSync(path)) ?? null;
}

/**
 * A Chromium to test with: Playwright's own or the system's; where there is none, Debian's is installed (as root on Debian or Ubuntu),
 * else Playwright's. Returns its path, or a sentence that says what is missing and how to get it.
 */
export async function findBrowser(say: (line: string) => void): Promise<{ path: string } | { missing: string }> {
  const found = await present();
  if (found !== null) return { path: found };
  const debian = existsSync("/etc/debian_version") && !(existsSync("/etc/os-release") && /^ID=ubuntu/m.test(readFileSync("/etc/os-release", "utf8")));
  if (debian && process.getuid?.() === 0) {
    say("Installing Debian's chromium for the browser tests…");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
    const result = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"], { env, encoding: "utf8" });
    const path = await present();
    return path === null ? { missing: `apt-get could not install chromium: ${result.stderr.trim().split("\n").at(-1)}` } : { path };
  }
  say("Installing Playwright's Chromium for the browser tests…");
  const result = spawnSync("npx", ["playwright", "install", "chromium"], { encoding: "utf8", timeout: 300_000 });
  const path = await present();
  if (path !== null) return { path };
  return { missing: `No Chromium was found, and Playwright could not download one (${(result.stderr ?? "").trim().split("\n").at(-1) ?? "no word from it"}). Install one (on Debian: apt-get install chromium) or name it with VIGIE_BROWSER=/path/to/chromium.` };
}
