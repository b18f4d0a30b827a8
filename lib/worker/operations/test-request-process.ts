/** Confirms a plan in a process of its own, for the test that kills whoever writes an intent. Needs no cluster: the facts are in the database. */
import { createDatabase } from "#lib/db/client.ts";
import { VigieError } from "#lib/domain/error.ts";
import { systemClock } from "#lib/ports/runtime.ts";
import { createLog } from "#lib/runtime/log.ts";
import { requestOperation } from "#lib/services/operation/request.ts";
import { person, testConfig } from "#lib/services/plan/test-platform.ts";
import { nothingOutside } from "#lib/services/test-context.ts";

const { DATABASE_URL: databaseUrl = "", PLAN_HASH: planHash = "", KEY: key = "" } = process.env;
const db = createDatabase(databaseUrl);
const registry = { inspect: () => Promise.reject(new VigieError("upstream", "There is no registry in this test.")) };
await requestOperation({ db, config: testConfig("http://127.0.0.1:1"), clock: systemClock, log: createLog("worker"), registry, outside: nothingOutside }, person, { planHash, reason: "about to be killed" }, key);
await db.$disconnect();
