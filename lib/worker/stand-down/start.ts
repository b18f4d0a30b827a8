import { dueForStandDown } from "#lib/db/repositories/stand-down.ts";
import { requestStandDown } from "#lib/services/blue-green/request-stand-down.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { createLook } from "#lib/worker/look.ts";

/** Looked for this often. Nothing is remembered between two looks: what is due stands in the database. */
const everyMs = 3_000;
const settledForMs = 60_000;

export interface StandDown {
  /** Looks now, and resolves when it has looked. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** Asks for the end of kept colours once their time is over. Every worker looks; the database lets each be asked for once. */
export function startStandDown(context: ServiceContext): StandDown {
  const { db, config, log } = context;
  const standbyMinutes = new Map(config.environments.flatMap(({ name, policy }) => (policy.strategy.kind === "blue-green" ? [[name, policy.strategy.standbyMinutes] as const] : [])));
  /** Operations found to have nothing to scale down, and when (performance.now()): most never will, so they are looked at less often. */
  const settled = new Map<string, number>();
  const { look, close } = createLook({
    log,
    trouble: "Kept colours cannot be looked at; it is tried again",
    async work(closing) {
      for (const id of await dueForStandDown(db, standbyMinutes)) {
        if (closing.aborted) return;
        if (performance.now() - (settled.get(id) ?? -settledForMs) < settledForMs) continue;
        if ((await requestStandDown(context, id)) === "nothing") settled.set(id, performance.now());
      }
    },
  });
  const timer = standbyMinutes.size === 0 ? null : setInterval(() => void look(), everyMs);
  return {
    look,
    async stop() {
      if (timer !== null) clearInterval(timer);
      await close();
    },
  };
}
