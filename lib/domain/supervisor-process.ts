import type { ServiceHealth } from "#lib/domain/health.ts";
import type { ServiceStatus } from "#lib/domain/status.ts";

/** States of a process as supervisord has them (supervisor/states.py, "Process States" in its manual), with their numbers. */
export const supervisorStates = { STOPPED: 0, STARTING: 10, RUNNING: 20, BACKOFF: 30, STOPPING: 40, EXITED: 100, FATAL: 200, UNKNOWN: 1000 } as const;
export type SupervisorState = keyof typeof supervisorStates;

const statuses: Readonly<Record<SupervisorState, ServiceStatus>> = {
  RUNNING: "up",
  STARTING: "starting",
  // It failed to start and is tried again: not given up yet.
  BACKOFF: "degraded",
  STOPPING: "degraded",
  STOPPED: "down",
  EXITED: "down",
  FATAL: "down",
  UNKNOWN: "unknown",
};

export function supervisorStateOf(value: string | number): SupervisorState | null {
  for (const [name, number] of Object.entries(supervisorStates)) if (value === number || value === name) return name as SupervisorState; // names of that very object
  return null;
}

export interface SupervisorProcess {
  state: SupervisorState;
  /** Of the last run that ended; null where it is not known. */
  exitStatus: number | null;
  /** Why it could not even be started: "can't find command 'node'". */
  spawnError: string | null;
  /** Last line of its log worth quoting. */
  lastLine: string | null;
}

/** What a supervisor's word for a process means: "FATAL: exited with code 1: cannot reach the tile server". */
export function healthOfProcess({ state, exitStatus, spawnError, lastLine }: SupervisorProcess): ServiceHealth {
  const status = statuses[state];
  if (status === "up" || status === "starting") return { status, detail: status === "up" ? null : "STARTING" };
  if (state === "STOPPED") return { status, detail: "STOPPED: it was stopped by hand or never started" };
  if (state === "STOPPING" || state === "UNKNOWN") return { status, detail: state };
  const exit = spawnError !== null && spawnError !== "" && !spawnError.startsWith("Exited too quickly") ? spawnError : exitStatus === null ? null : `exited with code ${exitStatus}`;
  return { status, detail: [state, exit, lastLine].filter((part) => part !== null && part !== "").join(": ") };
}
