import { readFileSync, readdirSync } from "node:fs";

const kibibyte = 1024;
/** USER_HZ, the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

function field(file: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"));
  if (match === null) throw new Error(`${file} has no ${name}`);
  return Number(match[1]) * kibibyte;
}

/** Resident memory of a process in bytes, shared pages counted whole. Linux only (proc(5)). */
export function residentBytes(pid: number): number {
  return field(`/proc/${pid}/status`, "VmRSS");
}

/** Resident memory in bytes where a page shared by n processes counts 1/n: what can be summed over processes that share (proc(5), smaps_rollup). */
export function proportionalBytes(pid: number): number {
  return field(`/proc/${pid}/smaps_rollup`, "Pss");
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** A process and all it started, that live now. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), parentOf(Number(name)));
    } catch {
      // Gone meanwhile.
    }
  }
  const found = [pid];
  for (const one of found) found.push(...[...parents].filter(([, parent]) => parent === one).map(([child]) => child));
  return found;
}

/** Sum over processes; those that end meanwhile count nothing. */
export function sumOver(pids: readonly number[], read: (pid: number) => number): number {
  return pids.reduce((sum, pid) => {
    try {
      return sum + read(pid);
    } catch {
      return sum;
    }
  }, 0);
}

/** Seconds of processor time a process has used so far, its own and in the system (proc(5), stat: utime and stime). */
export function processorSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const after = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(after[11]) + Number(after[12])) / ticksPerSecond;
}
