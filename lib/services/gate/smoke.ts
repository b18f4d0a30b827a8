import type { Config, SmokeCheckConfig } from "#lib/contracts/config.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { gateFromFindings } from "#lib/domain/gate.ts";
import { judgeSmoke, smokeAsks, smokeWords } from "#lib/domain/smoke.ts";
import type { SmokeAsk, SmokeFinding, SmokeReply } from "#lib/domain/smoke.ts";
import type { GateResult } from "#lib/contracts/operation.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** So many questions are under way at once: a platform of many pods must not flood its API server. */
const atOnce = 12;
/** Beyond its limit an answer is waited for a little, so that "too slow" can say how slow. */
const graceMs = 250;

export interface SmokeSubject {
  environment: string;
  /** Without checks: every service of these that has a health path. */
  bigPods: Config["bigPods"];
  stateOf(bigPod: string): { seen: true; state: BigPodState } | { seen: false; verdict: "inconclusive" | "error"; sentence: string };
}

const every: SmokeCheckConfig = { status: 200, latencyLimitMs: 5_000 };

/** Asks every check of a smoke gate and judges the answers. Never throws for what is asked: that is a verdict. */
export async function askSmokeGate(context: Pick<ServiceContext, "outside" | "config">, configured: readonly SmokeCheckConfig[], subject: SmokeSubject, at: { now: Date; phase: GateResult["phase"] }, signal?: AbortSignal): Promise<GateResult> {
  const checks = configured.length === 0 ? [every] : configured;
  // A check without a Big Pod asks those the operation is about; a check that names one asks it wherever it is.
  const among = (check: SmokeCheckConfig): Config["bigPods"] => (check.bigPod === undefined ? subject.bigPods : context.config.bigPods);
  const asks = checks.flatMap((check) => smokeAsks(subject.environment, among(check), check, subject.stateOf));
  const findings = await inTurns(asks, (ask) => find(context, ask, subject.environment, signal));
  const rule = checks.map((check) => smokeWords(among(check), check)).join("; ");
  const slowest = findings.length === 1 ? findings[0]?.sentence : `${findings.length} answers, all as they must be`;
  return gateFromFindings("smoke", findings, slowest ?? "", at.now, { rule, phase: at.phase, title: `Smoke checks in ${subject.environment}` });
}

async function find({ outside }: Pick<ServiceContext, "outside">, ask: SmokeAsk, environment: string, signal: AbortSignal | undefined): Promise<SmokeFinding> {
  if (ask.kind === "nothing") return { verdict: ask.verdict, sentence: ask.sentence };
  const timeoutMs = ask.check.latencyLimitMs + graceMs;
  let reply: SmokeReply;
  try {
    reply = { kind: "answered", ...(ask.kind === "url" ? await outside.url(ask.url, timeoutMs, signal) : await outside.pod(environment, ask.pod, ask.port, ask.path, timeoutMs, signal)) };
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (!isVigieError(error)) throw error;
    reply = { kind: error.code === "denied" ? "refused" : "unreachable", sentence: error.message.replace(/[.]$/, "") };
  }
  return judgeSmoke(ask.label, ask.check, reply);
}

async function inTurns<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) results.push(...(await Promise.all(items.slice(from, from + atOnce).map(act))));
  return results;
}
