import { createDatabase } from "#lib/db/client.ts";
import { createTestContext } from "#lib/services/test-context.ts";
import { createIncidentEngine } from "#lib/worker/incidents/engine.ts";
import { testConfig } from "#lib/worker/test-parts.ts";

/** An engine in a process of its own, to be killed by engine-killed.test.ts: arguments are the database and the observer's lease. */
const [url = "", holder = "", epoch = "0"] = process.argv.slice(2);
const context = createTestContext(createDatabase(url), testConfig);
const token = { name: "observer", holder, epoch: BigInt(epoch) };
createIncidentEngine({ context, databaseUrl: url, lease: () => token }).start();
process.stdout.write("started\n");
