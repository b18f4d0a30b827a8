import type { AfterGateConfig, BeforeGateConfig, Config, EnvironmentConfig, SmokeCheckConfig } from "#lib/contracts/config.ts";

/** One rule in words, with the query it asks where there is one. */
export interface GuardRule {
  words: string;
  query: string | null;
}

/** What vigie.yaml sets up to guard an environment, in words. Times are ISO 8601. */
export interface GuardRules {
  name: string;
  title: string;
  /** Environment that is promoted to it; null: nothing is. */
  promotesFrom: string | null;
  strategy: string;
  strategyWords: string;
  windows: readonly { words: string; timeZone: string; openings: readonly { from: string; to: string }[] }[];
  freezes: readonly { name: string; reason: string; from: string; to: string; timeZone: string }[];
  approvals: string;
  before: readonly GuardRule[];
  after: readonly GuardRule[];
  watch: string;
  drill: string;
  mayDrill: boolean;
}

type Policy = EnvironmentConfig["policy"];

/** Everything but windows and freezes, whose moments take a calendar: see app/_read/guards.ts. */
export function rulesInWords(config: Pick<Config, "environments">, environment: EnvironmentConfig, drillWords: string | null): Omit<GuardRules, "windows" | "freezes"> {
  const { policy } = environment;
  const last = config.environments.at(-1)?.name === environment.name;
  return {
    name: environment.name,
    title: environment.title ?? environment.name,
    promotesFrom: policy.promotesFrom ?? config.environments[config.environments.indexOf(environment) - 1]?.name ?? null,
    strategy: policy.strategy.kind,
    strategyWords:
      policy.strategy.kind === "blue-green"
        ? `blue-green: the idle colour is brought up and verified, the Service is switched at once, the old colour is kept ${minutes(policy.strategy.standbyMinutes)} for a rollback that is one switch`
        : `rolling update, at most ${policy.rolloutTimeoutSeconds} s; it returns by itself if it fails`,
    approvals: approvalsInWords(policy.approvals),
    before: beforeInWords(policy),
    after: afterInWords(policy),
    watch: watchInWords(policy.watch),
    drill: last ? "Not rehearsed here: this is the last environment." : drillWords === null ? "Rehearsed by hand only: no drill is configured." : `Rehearsed by itself: ${drillWords}.`,
    mayDrill: !last,
  };
}

function approvalsInWords({ required, expiresMinutes }: Policy["approvals"]): string {
  if (required === 0) return "none needed";
  return `${required} ${required === 1 ? "person" : "different people"} other than who asks; an approval holds for ${minutes(expiresMinutes)}, and for the plan it was given to`;
}

function watchInWords({ watchMinutes, mode }: Policy["watch"]): string {
  if (watchMinutes === 0) return "a promotion is not watched after its end";
  return `for ${minutes(watchMinutes)} after a promotion: when its Big Pods fail or alert, ${mode === "rollback" ? "Vigie rolls back by itself, once" : "Vigie proposes the rollback and leaves it to you"}`;
}

function beforeInWords(policy: Policy): GuardRule[] {
  return [
    { words: policy.soakMinutes > 0 ? `the source was healthy for ${minutes(policy.soakMinutes)} without a break` : "the source is healthy now", query: null },
    { words: "always: the target can be seen, containers match, images exist for its nodes, the release is not in quarantine, something changes", query: null },
    ...policy.gates.before.flatMap(gateInWords),
  ];
}

function afterInWords(policy: Policy): GuardRule[] {
  return [
    { words: "always: the rollout is complete and every service is up", query: null },
    ...policy.gates.after.flatMap(gateInWords),
    ...(policy.bakeMinutes > 0 && policy.gates.after.length > 0 ? [{ words: `asked again and again for ${minutes(policy.bakeMinutes)}`, query: null }] : []),
  ];
}

function gateInWords(gate: BeforeGateConfig | AfterGateConfig): GuardRule[] {
  switch (gate.kind) {
    case "parity":
      return [{ words: "configuration parity: no key that the source has is missing in the target", query: null }];
    case "no-incident":
      return [{ words: "nothing broken and no open incident (critical or warning) in the target", query: null }];
    case "no-new-alert":
      return [{ words: "no alert that was not there before", query: null }];
    case "smoke":
      return gate.checks.length === 0 ? [{ words: "smoke checks: the health path of every service that has one answers", query: null }] : gate.checks.map((check) => ({ words: smokeInWords(check), query: null }));
    case "metric":
      return [{ words: `metric “${gate.name}” is ${gate.pass}${gate.count > 1 ? `, asked ${gate.count} times every ${gate.intervalSeconds} s` : ""}${gate.failureLimit > 0 ? `, up to ${gate.failureLimit} may fail` : ""}; no data never passes`, query: gate.query }];
  }
}

function smokeInWords(check: SmokeCheckConfig): string {
  const where = check.url ?? ([check.bigPod, check.service].filter(Boolean).join("/") || "every service");
  return `smoke check: ${where}${check.path ? ` ${check.path}` : ""} answers ${check.status} within ${check.latencyLimitMs} ms${check.jsonPath === undefined ? "" : `, with ${String(check.equals)} at ${check.jsonPath}`}`;
}

/** "45 min", "4 h", "1 d 12 h": lengths of a configuration are whole minutes. */
export function minutes(count: number): string {
  const [days, hours, rest] = [Math.floor(count / 1440), Math.floor((count % 1440) / 60), count % 60];
  return [days > 0 ? `${days} d` : "", hours > 0 ? `${hours} h` : "", rest > 0 || count === 0 ? `${rest} min` : ""].filter(Boolean).join(" ");
}
