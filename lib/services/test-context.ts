import { configSchema } from "#lib/contracts/config.ts";
import type { Config } from "#lib/contracts/config.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import type { Role } from "#lib/domain/access.ts";
import type { Outside } from "#lib/ports/outside.ts";
import type { Log } from "#lib/ports/runtime.ts";
import type { Database } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** For tests of services: a small platform, a quiet log that remembers, and actors with one role. */
export const testConfig: Config = configSchema.parse({
  platform: { name: "Testing" },
  environments: ["dev", "staging", "prod"].map((name) => ({ name, cluster: { kubeconfig: "./kubeconfig" }, namespace: `test-${name}` })),
  bigPods: [{ name: "core", workload: { name: "core" }, services: [{ name: "auth", container: "auth" }] }],
  server: { limits: { guessesPerMinute: 100_000, changesPerMinute: 100_000, webhooksPerMinute: 100_000 } },
  access: {
    providers: [{ id: "sso", kind: "oidc", title: "SSO", issuer: "http://127.0.0.1:1", clientId: "vigie", clientSecret: "env:NONE" }],
    roles: [{ role: "admin", groups: ["admins"] }, { role: "viewer", groups: ["viewers"], environments: ["dev"] }, { role: "releaser", users: ["rita@example.org"] }],
    // Actors of tests are made, not signed in; what asks for a recent sign-in has tests of its own.
    recentSignInMinutes: 0,
  },
});

export interface TestLog extends Log {
  lines: { level: string; fields: Record<string, unknown>; message: string }[];
}

export function createTestLog(): TestLog {
  const lines: TestLog["lines"] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) => void lines.push({ level, fields, message });
  const log: TestLog = { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), child: () => log };
  return log;
}

/** Nothing outside can be asked: for tests of what asks nothing. */
export const nothingOutside: Outside = {
  metrics: () => null,
  alerts: () => null,
  grafana: () => null,
  pod: () => Promise.reject(new VigieError("upstream", "There are no pods in this test.")),
  service: () => Promise.reject(new VigieError("upstream", "There are no Services in this test.")),
  url: () => Promise.reject(new VigieError("denied", "There is nothing outside in this test.")),
};

export function createTestContext(db: Database, config: Config = testConfig): ServiceContext & { log: TestLog } {
  return {
    db,
    config,
    clock: { now: () => new Date() },
    log: createTestLog(),
    registry: { inspect: () => Promise.reject(new VigieError("upstream", "There is no registry in this test.")) },
    outside: nothingOutside,
  };
}

export function actorWith(role: Role, environments: string[] | "*" = "*", name: string = role): Actor {
  return { kind: "person", id: `user-${name}`, name, grants: [{ role, environments }] };
}
