import { cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  processor: string;
  memory: string;
  system: string;
  node: string;
}

export function thisMachine(): Machine {
  const all = cpus();
  return {
    processor: `${all[0]?.model.trim() ?? "unknown processor"}, ${all.length} ${all.length === 1 ? "core" : "cores"}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

/** Processes that wanted to run over the last minute, on average; null where the system does not say (Windows). */
export function loadOfLastMinute(): number | null {
  return process.platform === "win32" ? null : (loadavg()[0] ?? null);
}
