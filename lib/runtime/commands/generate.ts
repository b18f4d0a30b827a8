/** Generates the Prisma client. Prisma's CLI wants to download a schema engine first; a binary that cannot run makes it go on without one, which `generate` does not need. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const cli = createRequire(import.meta.url).resolve("prisma/build/index.js");
const root = fileURLToPath(new URL("../../../", import.meta.url));
const result = spawnSync(process.execPath, [cli, "generate", "--no-hints"], {
  cwd: root,
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? "/bin/false", CHECKPOINT_DISABLE: "1" },
  encoding: "utf8",
});
if (result.status !== 0) {
  process.stderr.write(`${result.stdout}${result.stderr}\nThe Prisma client could not be generated from prisma/schema.prisma.\n`);
  process.exit(1);
}
