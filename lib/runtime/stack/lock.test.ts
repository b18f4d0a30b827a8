import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "#lib/runtime/home.ts";
import { lockHome } from "#lib/runtime/stack/lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vigie-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function holder() {
  const script = `import { lockHome } from "#lib/runtime/stack/lock.ts"; await lockHome(${JSON.stringify(folder)}); process.stdout.write("held"); setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
}

test("a second start in the same home is refused with the process that holds it", async () => {
  const other = holder();
  await once(other.stdout, "data");
  await expect(lockHome(folder, 300)).rejects.toThrow(new RegExp(`already runs in .*process ${other.pid}`));
  other.kill("SIGKILL");
  await once(other, "exit");
});

test("a lock left by a killed process is taken over", async () => {
  const other = holder();
  await once(other.stdout, "data");
  other.kill("SIGKILL");
  await once(other, "exit");
  const unlock = await lockHome(folder);
  unlock();
  (await lockHome(folder))();
});
