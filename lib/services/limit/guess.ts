import { createHash } from "node:crypto";
import { aheadOf, giveBack, rememberKey } from "#lib/db/repositories/rate-limit.ts";
import { stepSeconds } from "#lib/domain/rate-limit.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { limitKey, limitOf, takeLimit } from "#lib/services/limit/take.ts";

export interface Guess {
  address: string;
  /** What would be remembered as right: the token that is shown, or a fixed word where each message carries another signature. */
  credential: string;
}

const rememberedSeconds = 7 * 86_400;
/** A process believes itself for so long; and of so many, so that a flood of addresses costs no memory. */
const believedMs = 60_000;
const mostBelieved = 10_000;
const believed = new WeakMap<ServiceContext["db"], Map<string, number>>();

/**
 * Judges a credential unless its address has guessed wrong too often in the last minute, counted over all replicas: then it is not looked at, right or wrong, and
 * VigieError "limited" is thrown. What was right from that address before is always looked at, so that nobody locks out those behind the same address.
 * `judge` answers null for a wrong one. After OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
 */
export async function judgeGuess<Value>(context: ServiceContext, guess: Guess, judge: () => Promise<Value | null>): Promise<Value | null> {
  const known = `known|${createHash("sha256").update(`${guess.address}\n${guess.credential}`).digest("hex")}`;
  if (await isKnown(context, known)) {
    const value = await judge();
    if (value !== null) return value;
    forget(context, known);
    // It is right no longer: from now on it counts as a guess.
    await rememberKey(context.db, known, 0);
    await takeLimit(context, "guess", guess);
    return null;
  }
  await takeLimit(context, "guess", guess);
  const value = await judge();
  if (value === null) return null;
  await giveBack(context.db, limitKey("guess", guess), stepSeconds(limitOf(context.config, "guess")));
  await rememberKey(context.db, known, rememberedSeconds);
  believe(context, known);
  return value;
}

async function isKnown(context: ServiceContext, key: string): Promise<boolean> {
  const until = believed.get(context.db)?.get(key);
  if (until !== undefined && until > performance.now()) return true;
  const ahead = await aheadOf(context.db, key);
  if (ahead === null || ahead <= 0) return false;
  // Half of its time is over: it is in use, so it lives on.
  if (ahead < rememberedSeconds / 2) await rememberKey(context.db, key, rememberedSeconds);
  believe(context, key);
  return true;
}

function believe({ db }: ServiceContext, key: string): void {
  const keys = believed.get(db) ?? new Map<string, number>();
  believed.set(db, keys);
  if (keys.size >= mostBelieved) keys.clear();
  keys.set(key, performance.now() + believedMs);
}

function forget({ db }: ServiceContext, key: string): void {
  believed.get(db)?.delete(key);
}
