import { randomUUID } from "node:crypto";
import { signalChannel } from "#lib/db/channels.ts";
import { listen } from "#lib/db/listen.ts";
import type { Listening } from "#lib/db/listen.ts";
import { environmentsUntold } from "#lib/db/repositories/incident-join.ts";
import type { IncidentHook } from "#lib/services/incident/announce.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { LeaseLost } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import type { EngineParts, Lease } from "#lib/worker/incidents/parts.ts";
import { pruneIncidents } from "#lib/worker/incidents/prune.ts";
import { settleIncidents } from "#lib/worker/incidents/settle.ts";
import { addSurroundings } from "#lib/worker/incidents/surroundings.ts";
import { batchSize, takeSignals } from "#lib/worker/incidents/take-signals.ts";

const tickEveryMs = 2_000;
const pruneEveryMs = 3_600_000;

export interface IncidentEngine {
  /** Takes all signals there are, ends what is quiet, adds what happened around. A call during another makes that one look once more. */
  look(): Promise<void>;
  /** Begins to listen and to tick. */
  start(): void;
  /** Ends what is under way. */
  close(): Promise<void>;
}

export interface IncidentEngineParts {
  context: ServiceContext;
  databaseUrl: string;
  /** The observer's: without it nothing is looked at. */
  lease: Lease;
  onIncident?: readonly IncidentHook[];
  newId?: () => string;
}

/**
 * Makes incidents of signals. Woken by whoever writes signals, and by a slow tick for what time alone changes. All that it knows is in the database: after a crash, or
 * under another worker, it goes on where the last commit was.
 */
export function createIncidentEngine({ context, databaseUrl, lease, onIncident = [], newId = randomUUID }: IncidentEngineParts): IncidentEngine {
  const { db, config, log } = context;
  const parts: EngineParts = { context, onIncident, newId };
  const memory = { position: -1, since: new Map<string, Date>(), done: new Set<string>() };
  const limits = new Map<string, number>();
  const names = config.environments.map((environment) => environment.name);
  let looking: Promise<void> | null = null;
  let again = false;
  let listening: Listening | undefined;
  let timer: NodeJS.Timeout | undefined;
  let prunedAt = 0;
  const life = { closed: false, silent: false };

  /** A signal that names no environment of ours is shown in the last one: production, where it must not be missed. */
  const homeOf = (heardAs: string | null): string => (heardAs !== null && names.includes(heardAs) ? heardAs : (names.at(-1) ?? ""));

  /** A batch that fails is tried again smaller: a slow database gets through it, and a signal that cannot be taken holds up few others. */
  async function takeAll(home: string, heardAs: readonly (string | null)[], token: LeaseToken): Promise<void> {
    for (let taken = 1; taken > 0 && !life.closed; ) {
      const limit = limits.get(home) ?? batchSize;
      try {
        taken = await takeSignals(parts, home, heardAs, token, limit);
        limits.set(home, Math.min(batchSize, limit * 2));
      } catch (error) {
        limits.set(home, Math.max(1, Math.floor(limit / 4)));
        throw error;
      }
    }
  }

  async function lookOnce(): Promise<void> {
    const token = lease();
    if (token === null || life.closed) return;
    const heard = await environmentsUntold(db);
    const homes = [...new Set(heard.map(homeOf))];
    const takings = await Promise.allSettled(homes.map((home) => takeAll(home, heard.filter((name) => homeOf(name) === home), token)));
    // One environment whose signals cannot be taken must not hold up the others.
    const failed = takings.find((taking) => taking.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    await settleIncidents(parts, token);
    await addSurroundings(parts, memory, token);
    if (Date.now() - prunedAt < pruneEveryMs) return;
    if ((await pruneIncidents(db, config.incidents.keepDays)) === 0) prunedAt = Date.now();
  }

  async function lookUntilDone(): Promise<void> {
    do {
      again = false;
      try {
        await lookOnce();
        if (life.silent) log.info({}, "incidents are looked after again");
        life.silent = false;
      } catch (error) {
        if (!(error instanceof LeaseLost) && !life.silent) log.warn({ err: error }, "signals cannot be made into incidents right now; they are kept and taken again");
        life.silent ||= !(error instanceof LeaseLost);
      }
    } while (again && !life.closed);
  }

  const look = (): Promise<void> => {
    if (looking !== null) again = true;
    looking ??= lookUntilDone().finally(() => (looking = null));
    return looking;
  };

  return {
    look,
    start() {
      listening = listen({ url: databaseUrl, channels: [signalChannel], log, onConnected: () => void look(), onNotice: () => void look() });
      timer = setInterval(() => void look(), tickEveryMs);
    },
    async close() {
      life.closed = true;
      clearInterval(timer);
      await listening?.close();
      await looking;
    },
  };
}
