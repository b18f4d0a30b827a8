import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout: where package.json stands. Bundles are started with VIGIE_ROOT set by the command that made them. */
export const root = process.env.VIGIE_ROOT ?? resolve(fileURLToPath(import.meta.url), "../../..");

/** Folder of everything made at run time: VIGIE_HOME, else (also when it is empty, which would mean the checkout itself) .vigie in the checkout. Created on first use. */
export function home(): string {
  const folder = resolve(root, process.env.VIGIE_HOME || ".vigie");
  mkdirSync(folder, { recursive: true });
  return folder;
}
