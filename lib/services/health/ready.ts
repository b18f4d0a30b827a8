import type { Readiness } from "#lib/contracts/api.ts";
import { readHeartbeat } from "#lib/db/repositories/state.ts";
import { workerSilence } from "#lib/domain/freshness.ts";
import type { ServiceContext } from "#lib/services/context.ts";

const databaseTimeoutMs = 2_000;

/** Whether this process can do its work: the database answers within two seconds, and a worker was seen in the last five. Never throws. */
export async function readReadiness(context: Pick<ServiceContext, "db" | "log">): Promise<Readiness> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`no answer within ${databaseTimeoutMs} ms`)), databaseTimeoutMs);
  try {
    const { workerSeenAt, now } = await Promise.race([readHeartbeat(context.db), timeout.promise]);
    const silence = workerSilence(workerSeenAt?.toISOString() ?? null, now);
    const seconds = workerSeenAt === null ? null : Math.round((now.getTime() - workerSeenAt.getTime()) / 1000);
    const reason = silence === null ? null : seconds === null ? silence.why : `${silence.why}: last seen ${seconds} s ago`;
    return {
      status: silence === null ? "ready" : "not-ready",
      checks: [{ name: "database", ok: true, reason: null }, { name: "worker", ok: silence === null, reason }],
    };
  } catch (error) {
    // The reason is for anyone who asks, so it names nothing of the inside; the log has the rest.
    context.log.warn({ error }, "not ready: the database does not answer");
    return {
      status: "not-ready",
      checks: [{ name: "database", ok: false, reason: "the database does not answer" }, { name: "worker", ok: false, reason: "unknown while the database does not answer" }],
    };
  } finally {
    clearTimeout(timer);
    timeout.promise.catch(() => undefined);
  }
}
