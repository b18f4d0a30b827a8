import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VigieError } from "#lib/domain/error.ts";

/**
 * One Vigie per home folder. A lock left by a killed process is taken over; a living one gets some seconds to finish.
 * Throws VigieError "conflict" that names the process.
 */
export async function lockHome(folder: string, waitMs = 20_000): Promise<() => void> {
  const file = join(folder, "lock");
  const own = `${process.pid} ${startTime(process.pid)}`;
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, own, { flag: "wx" });
      return () => {
        if (read(file) === own) rmSync(file, { force: true });
      };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const held = read(file);
    const [pid, started] = held.split(" ");
    const alive = pid !== undefined && Number(pid) > 1 && startTime(Number(pid)) === started && started !== "";
    if (!alive) rmSync(file, { force: true });
    else if (attempt * 100 >= waitMs) throw new VigieError("conflict", `Vigie already runs in ${folder} (process ${pid}). Stop it, or give this one another folder with VIGIE_HOME.`);
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Tells a process from a later one that got the same number. Empty when there is none; "alive" where /proc is not served. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    if (process.platform === "linux") return "";
    try {
      process.kill(pid, 0);
      return "alive";
    } catch {
      return "";
    }
  }
}
