import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createChannels } from "#lib/adapters/notify/channels.ts";
import { configSchema } from "#lib/contracts/config.ts";
import type { Config } from "#lib/contracts/config.ts";
import { createTestDatabase } from "#lib/db/test-database.ts";
import type { TestDatabase } from "#lib/db/test-database.ts";
import { insertTestIncident } from "#lib/db/test-incident.ts";
import { announceIncident } from "#lib/services/incident/announce.ts";
import { listNotifications } from "#lib/services/notification/list.ts";
import { actorWith, createTestContext, testConfig } from "#lib/services/test-context.ts";
import { createNotifier } from "#lib/worker/incidents/notify.ts";
import type { Notifier } from "#lib/worker/incidents/notify.ts";
import { startSlack } from "#sandbox/slack/server.ts";
import type { SandboxSlack } from "#sandbox/slack/server.ts";

let database: TestDatabase;
let slack: SandboxSlack;
let smtp: SMTPServer;
let hooks: Server;
let config: Config;
let notifier: Notifier;
const mails: string[] = [];
const deliveries: { delivery: string; kind: string }[] = [];
/** What the webhook's receiver answers. */
let hookStatus = 204;

beforeAll(async () => {
  database = await createTestDatabase();
  slack = await startSlack({ port: 0, host: "127.0.0.1", token: "xoxb-good", channels: ["C1"] });
  smtp = new SMTPServer({
    authOptional: true, disabledCommands: ["STARTTLS", "AUTH"], logger: false,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("end", () => (mails.push(Buffer.concat(chunks).toString("utf8")), done()));
    },
  });
  const listening = smtp.listen(0, "127.0.0.1");
  await new Promise((resolve) => listening.once("listening", resolve));
  hooks = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      if (hookStatus < 300) deliveries.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      response.writeHead(hookStatus).end();
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => hooks.once("listening", resolve));
  const hookPort = (hooks.address() as AddressInfo).port;
  config = configSchema.parse({
    ...testConfig,
    egress: { allow: [`127.0.0.1:${hookPort}`] },
    notifications: [
      { kind: "slack", name: "chat", token: "env:SLACK", to: "C1", url: `${slack.url}/api` },
      { kind: "email", name: "mail", host: "127.0.0.1", port: (listening.address() as AddressInfo).port, sender: "vigie@example.org", to: ["oncall@example.org"] },
      { kind: "webhook", name: "hook", url: `http://127.0.0.1:${hookPort}/`, secret: "env:HOOK" },
      { kind: "webhook", name: "dev-only", url: `http://127.0.0.1:${hookPort}/`, secret: "env:HOOK", environments: ["dev"] },
    ],
  });
  const secrets: Record<string, string> = { "env:SLACK": "xoxb-good", "env:HOOK": "key" };
  notifier = createNotifier({ context: createTestContext(database.db, config), notify: createChannels(config, (reference) => secrets[reference] ?? ""), portalUrl: "https://vigie.example.org", random: Math.random, delayMs: () => 3_600_000 });
});
afterAll(async () => {
  await notifier.close();
  await slack.stop();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
  hooks.closeAllConnections();
  await new Promise((resolve) => hooks.close(resolve));
  await database.drop();
});

test("one incident from its opening to its end, by every channel, while one of them is away", async () => {
  const incident = await insertTestIncident(database.db);
  const announce = (what: "opened" | "acknowledged" | "resolved", more = {}) => database.db.$transaction((tx) => announceIncident(tx, config, { incident: { ...incident, ...more }, what }));
  hookStatus = 500;
  await announce("opened");
  await notifier.look();
  expect(slack.messages()).toHaveLength(1);
  expect(mails).toHaveLength(1);
  expect(deliveries).toEqual([]);
  const listed = await listNotifications(createTestContext(database.db, config), actorWith("viewer"));
  expect(listed.channels.map(({ name, waiting, failing }) => [name, waiting, failing === null])).toEqual([["chat", 0, true], ["mail", 0, true], ["hook", 1, false], ["dev-only", 0, true]]);

  hookStatus = 204;
  await announce("resolved", { status: "resolved", resolved: { at: "2026-11-21T03:20:00.000Z", by: "Vigie" } });
  await database.db.$executeRaw`UPDATE notification SET due_at = clock_timestamp() WHERE sent_at IS NULL`;
  // Slack's own pace.
  await database.db.$executeRaw`UPDATE notification_channel SET not_before = NULL`;
  await notifier.look();
  expect(slack.messages().map(({ edits, text }) => [edits, text])).toEqual([[1, `#${incident.number} resolved, core in prod: ${incident.title}`]]);
  expect(mails).toHaveLength(2);
  expect(mails[1]).toMatch(new RegExp(`In-Reply-To:\\s+<incident\\.${incident.id}@example\\.org>`, "i"));
  expect(deliveries.map(({ kind }) => kind)).toEqual(["opened", "resolved"]);
});

test("a worker that dies after Slack took the message and before it was written down: no second message", async () => {
  const incident = await insertTestIncident(database.db);
  const before = slack.messages().length;
  await database.db.$executeRaw`UPDATE notification_channel SET not_before = NULL`;
  await database.db.$transaction((tx) => announceIncident(tx, config, { incident, what: "opened" }));
  await notifier.look();
  expect(slack.messages()).toHaveLength(before + 1);
  // As the database would be, had the worker not come to write: claimed, with nothing known of what became of it.
  await database.db.$executeRaw`UPDATE notification SET sent_at = NULL, claimed_until = clock_timestamp() WHERE incident_id = ${incident.id}`;
  await database.db.$executeRaw`DELETE FROM notification_thread WHERE incident_id = ${incident.id}`;
  await database.db.$executeRaw`UPDATE notification_channel SET not_before = NULL`;
  const [mailsThen, deliveriesThen] = [mails.length, deliveries.length];
  await notifier.look();
  expect(slack.messages()).toHaveLength(before + 1);
  expect(slack.messages().at(-1)).toMatchObject({ edits: 1 });
  // These two cannot be taken back: once more each, and by its id the receiver can tell.
  expect(mails).toHaveLength(mailsThen + 1);
  expect(deliveries).toHaveLength(deliveriesThen + 1);
  const messageId = (mail: string | undefined) => /^Message-ID:\s*(\S+)/im.exec(mail ?? "")?.[1];
  expect(messageId(mails.at(-1))).toBe(messageId(mails.at(-2)));
  expect(deliveries.at(-1)?.delivery).toBe(deliveries.at(-2)?.delivery);
});
