import type { Actor } from "#lib/contracts/actor.ts";
import type { Config } from "#lib/contracts/config.ts";
import { forgetWholeLimits, useLimit } from "#lib/db/repositories/rate-limit.ts";
import { limitPlace } from "#lib/domain/client-address.ts";
import { VigieError } from "#lib/domain/error.ts";
import { limitHeaders, limitSentence, standing, stepSeconds } from "#lib/domain/rate-limit.ts";
import type { Limit, LimitName, Standing } from "#lib/domain/rate-limit.ts";
import { recordRefusal } from "#lib/services/access/record-refusal.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** Whose use it is: an address, or somebody who is known by then. */
export type LimitedCaller = { address: string } | { actor: Pick<Actor, "kind" | "id" | "name"> };

export interface LimitUse {
  /** RateLimit, RateLimit-Policy and, on a refusal, Retry-After. */
  headers: Record<string, string>;
}

const windowSeconds = 60;

export function limitOf({ server: { limits } }: Pick<Config, "server">, name: LimitName): Limit {
  const quotas: Record<LimitName, number> = { "sign-in": limits.signInsPerMinute, guess: limits.guessesPerMinute, webhook: limits.webhooksPerMinute, change: limits.changesPerMinute, read: limits.readsPerMinute, export: limits.exportsPerMinute };
  return { name, quota: quotas[name], windowSeconds };
}

/** Key of a caller's row; every replica makes the same one. */
export function limitKey(name: LimitName, caller: LimitedCaller): string {
  const who = "address" in caller ? limitPlace(caller.address) : `${caller.actor.kind}:${caller.actor.id}`;
  return `${name}|${who}`.slice(0, 200);
}

/**
 * One use of a limit, counted over all replicas. Throws VigieError "limited", whose detail is what refusalHeaders reads, and writes an audit entry of it
 * (at most a few a minute); reading too much is no attempt at anything and stays out of the log.
 */
export async function takeLimit(context: ServiceContext, name: LimitName, caller: LimitedCaller): Promise<LimitUse> {
  const limit = limitOf(context.config, name);
  await tidy(context);
  const { allowed, aheadSeconds } = await useLimit(context.db, limitKey(name, caller), stepSeconds(limit), limit.windowSeconds);
  const now = standing(limit, aheadSeconds, allowed);
  if (!allowed) await refuseLimited(context, limit, caller, now);
  return { headers: limitHeaders(limit, now) };
}

async function refuseLimited(context: ServiceContext, limit: Limit, caller: LimitedCaller, now: Standing): Promise<never> {
  if (limit.name !== "read") {
    const actor = "address" in caller ? { kind: "person" as const, id: "anonymous", name: `somebody at ${caller.address}` } : caller.actor;
    const where = "address" in caller ? { address: caller.address } : {};
    await recordRefusal(context, { action: "access.limited", actor, summary: `${actor.name} came more often than ${limit.quota} times in ${limit.windowSeconds} s (${limit.name}) and was refused`, after: { limit: limit.name, quota: limit.quota, windowSeconds: limit.windowSeconds, ...where } });
  }
  throw new VigieError("limited", limitSentence(limit, now.retryAfterSeconds), { detail: { limit: limit.name, quota: limit.quota, windowSeconds: limit.windowSeconds, retryAfterSeconds: now.retryAfterSeconds } });
}

const tidied = new WeakMap<ServiceContext["db"], number>();

/** Once a minute and process, on the way: rows of limits that are whole again. */
async function tidy({ db, log }: ServiceContext): Promise<void> {
  const now = performance.now();
  const last = tidied.get(db);
  if (last !== undefined && now - last < 60_000) return;
  tidied.set(db, now);
  if (last === undefined) return;
  const removed = await forgetWholeLimits(db);
  if (removed > 0) log.debug({ removed }, "limits that are whole again were forgotten");
}
