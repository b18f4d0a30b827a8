import type { Config } from "#lib/contracts/config.ts";
import { recurrenceWords } from "#lib/domain/recurrence.ts";
import { freezeSpan, unfrozen, windowSpans, windowWords } from "#lib/domain/window.ts";
import { rulesInWords } from "#components/guards/guard-rules.ts";
import type { GuardRules } from "#components/guards/guard-rules.ts";

const shownOpenings = 3;
const yearMs = 366 * 86_400_000;

/** What guards each of the named environments, as configured: in words, with the next times their windows are open (freezes taken out). */
export function readGuardRules(config: Config, visible: readonly string[], now: Date): GuardRules[] {
  return config.environments
    .filter(({ name }) => visible.includes(name))
    .map((environment) => {
      const { windows, freezes, drill } = environment.policy;
      const nowMs = now.getTime();
      return {
        ...rulesInWords(config, environment, drill === undefined ? null : `${recurrenceWords(drill)} at ${drill.at} ${drill.timeZone}`),
        windows: windows.map((window) => ({
          words: windowWords(window),
          timeZone: window.timeZone,
          openings: unfrozen(windowSpans([window], nowMs, nowMs + yearMs), freezes)
            .filter((span) => span.toMs > nowMs)
            .slice(0, shownOpenings)
            .map((span) => ({ from: new Date(span.fromMs).toISOString(), to: new Date(span.toMs).toISOString() })),
        })),
        freezes: freezes.map((freeze) => {
          const span = freezeSpan(freeze);
          return { name: freeze.name, reason: freeze.reason, timeZone: freeze.timeZone, from: new Date(span.fromMs).toISOString(), to: new Date(span.toMs).toISOString() };
        }),
      };
    });
}
