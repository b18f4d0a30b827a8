import type { Config } from "#lib/contracts/config.ts";
import { recordSignal } from "#lib/db/repositories/signal.ts";
import type { HeardSignal } from "#lib/db/repositories/signal.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { createTestContext } from "#lib/services/test-context.ts";
import type { TestLog } from "#lib/services/test-context.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { acquireLease } from "#lib/worker/lease.ts";
import type { LeaseToken } from "#lib/worker/lease.ts";
import { createIncidentEngine } from "#lib/worker/incidents/engine.ts";
import type { IncidentEngine, IncidentEngineParts } from "#lib/worker/incidents/engine.ts";
import { testConfig } from "#lib/worker/test-parts.ts";

/** A database with an observer's lease, signals at will, and engines over it: for tests. */
export interface EngineStage {
  database: TestDatabase;
  context: ServiceContext & { log: TestLog };
  token: LeaseToken;
  engine: IncidentEngine;
  anotherEngine(parts?: Partial<IncidentEngineParts>): IncidentEngine;
  /** Writes a signal as whoever hears of it does; the key is the identity of the occurrence. */
  hear(key: string, change?: Partial<HeardSignal>): Promise<void>;
  close(): Promise<void>;
}

export async function openEngineStage(incidents: Partial<Config["incidents"]> = {}, more: Partial<Config> = {}): Promise<EngineStage> {
  const database = await createTestDatabase();
  const config: Config = { ...testConfig, ...more, incidents: { ...testConfig.incidents, ...incidents } };
  const context = createTestContext(database.db, config);
  const token = await acquireLease(database.db, "observer", "test", 3_600_000);
  if (token === null) throw new Error("a new database has a free lease");
  const engines: IncidentEngine[] = [];
  const anotherEngine = (parts: Partial<IncidentEngineParts> = {}): IncidentEngine => {
    const engine = createIncidentEngine({ context, databaseUrl: database.url, lease: () => token, ...parts });
    engines.push(engine);
    return engine;
  };
  return {
    database,
    context,
    token,
    engine: anotherEngine(),
    anotherEngine,
    hear: async (key, change = {}) => void (await database.db.$transaction((tx) => recordSignal(tx, heard(key, change)))),
    async close() {
      for (const engine of engines) await engine.close();
      await database.drop();
    },
  };
}

export function heard(key: string, change: Partial<HeardSignal> = {}): HeardSignal {
  return {
    key, kind: "alert", title: "HighErrorRatio", detail: null, environment: "prod", bigPod: "experience", service: null, severity: "warning", state: "firing", onsetAt: new Date(Date.now() - 30_000).toISOString(), endedAt: null,
    labels: {}, annotations: { summary: `${key}: 3 % of requests fail` }, silence: null, link: null, way: "webhook", fingerprint: key, operationId: null, ...change,
  };
}
