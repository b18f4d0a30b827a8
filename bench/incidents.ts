import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { startBed } from "#bench/bed.ts";
import type { Bed } from "#bench/bed.ts";
import { openEventStream } from "#bench/event-stream.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { residentBytes } from "#bench/process-memory.ts";
import { percentile } from "#bench/statistics.ts";

const samples = 20;
const entries = 500;
const openings = 30;
const storm = { alerts: 1_000, messages: 10 };
const places = ["dev", "staging", "prod"].flatMap((environment) => ["core", "experience", "commerce"].map((bigpod) => ({ environment, bigpod })));
const mebibyte = 1024 * 1024;

interface SentAlert {
  labels: Record<string, string>;
}

/** Delivers alerts as Alertmanager does. */
async function deliver(bed: Bed, secret: string, alerts: readonly SentAlert[]): Promise<void> {
  const startsAt = new Date().toISOString();
  const message = { version: "4", receiver: "vigie", groupKey: "{}", truncatedAlerts: 0, alerts: alerts.map(({ labels }) => ({ status: "firing", labels, annotations: { summary: `${labels["alertname"]} of the bench` }, startsAt, endsAt: "0001-01-01T00:00:00Z" })) };
  const response = await fetch(`${bed.url}/api/webhooks/alertmanager`, { method: "POST", headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" }, body: JSON.stringify(message) });
  if (!response.ok) throw new Error(`the webhook answered ${response.status}: ${await response.text()}`);
}

/** Alerts to incidents: how soon they are on the screen, how soon an incident's page is there, and what a thousand at once do. */
export const incidents: Part = {
  name: "incidents",
  title: "Incidents",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const secret = readFileSync(join(dirname(bed.sandbox.config), "webhook-secret"), "utf8").trim();
    const client = new pg.Client({ connectionString: bed.stack.databaseUrl });
    await client.connect();
    scope.add(() => client.end());

    const heard = new Map<string, number>();
    await openEventStream(scope, bed.url, { authorization: `Bearer ${bed.token}` }, ({ type, data }) => {
      if (type === "incident") heard.set(`${data.environment}/${data.bigPod}`, data.signals);
    });
    const delays: number[] = [];
    for (let index = 0; index < samples; index++) {
      const place = places[index % places.length] ?? { environment: "prod", bigpod: "core" };
      const key = `${place.environment}/${place.bigpod}`;
      const before = heard.get(key) ?? 0;
      const sentAt = performance.now();
      await deliver(bed, secret, [{ labels: { alertname: `Bench${index}`, severity: "warning", ...place } }]);
      while ((heard.get(key) ?? 0) <= before) {
        if (performance.now() - sentAt > 30_000) throw new Error(`no incident of ${key} was heard of within 30 s`);
        await wait(2);
      }
      delays.push(performance.now() - sentAt);
    }

    const { rows } = await client.query<{ id: string; number: number }>("SELECT id, number FROM incident WHERE environment = 'prod' AND big_pod = 'experience' ORDER BY number DESC LIMIT 1");
    const one = rows[0];
    if (one === undefined) throw new Error("there is no incident to open");
    await client.query("INSERT INTO incident_entry (incident_id, key, at, recorded_at, late, kind, title) SELECT $1, 'bench/' || i, now() - i * interval '1 second', now(), false, 'note', 'line ' || i FROM generate_series(1, $2::int) AS i", [one.id, entries]);
    const opened: number[] = [];
    for (let index = 0; index < openings; index++) {
      const startedAt = performance.now();
      const { status, body } = await bed.api.get(`incidents/${one.number}`);
      if (status !== 200) throw new Error(`the incident answered ${status}: ${JSON.stringify(body).slice(0, 300)}`);
      opened.push(performance.now() - startedAt);
    }

    const pids = { worker: bed.stack.children.worker.process.pid ?? 0, web: bed.stack.children.web.process.pid ?? 0 };
    const before = { worker: residentBytes(pids.worker), web: residentBytes(pids.web) };
    const known = Number((await client.query<{ count: string }>("SELECT count(*) FROM incident")).rows[0]?.count);
    const stormAt = performance.now();
    await Promise.all(Array.from({ length: storm.messages }, (_, message) => deliver(bed, secret, Array.from({ length: storm.alerts / storm.messages }, (_, index) => {
      const number = message * (storm.alerts / storm.messages) + index;
      return { labels: { alertname: "Storm", instance: String(number), severity: "critical", ...places[number % places.length] } };
    }))));
    const accepted = performance.now() - stormAt;
    for (;;) {
      const { rows: left } = await client.query<{ recorded: string; open: string }>("SELECT count(*) FILTER (WHERE labels->>'alertname' = 'Storm') AS recorded, count(*) FILTER (WHERE NOT handled) AS open FROM signal");
      if (Number(left[0]?.recorded) === storm.alerts && Number(left[0]?.open) === 0) break;
      if (performance.now() - stormAt > 120_000) throw new Error(`the storm was not taken in within two minutes: ${JSON.stringify(left[0])}`);
      await wait(50);
    }
    const taken = performance.now() - stormAt;
    const made = Number((await client.query<{ count: string }>("SELECT count(*) FROM incident")).rows[0]?.count) - known;
    const listAt = performance.now();
    const { status } = await bed.api.get("incidents?status=open");
    const listed = performance.now() - listAt;
    if (status !== 200) throw new Error(`the list answered ${status} in the storm`);
    await wait(20_000);
    const grown = { worker: (residentBytes(pids.worker) - before.worker) / mebibyte, web: (residentBytes(pids.web) - before.web) / mebibyte };

    return {
      figures: [
        limited("webhook-p95", "webhook → incident in a browser's stream, p95", percentile(delays, 0.95), 2_000, "ms"),
        informing("webhook-p50", "p50", `${percentile(delays, 0.5).toFixed(0)} ms`),
        limited("open-p95", `an incident with ${entries} entries, whole, p95`, percentile(opened, 0.95), 300, "ms"),
        informing("open-p50", "p50", `${percentile(opened, 0.5).toFixed(0)} ms`),
        limited("storm-incidents", `${storm.alerts} alerts at once: new incidents beside those that were open`, made, 9, ""),
        informing("storm-accepted", "all accepted by the webhook after", `${(accepted / 1000).toFixed(1)} s`),
        informing("storm-taken", "all joined after", `${(taken / 1000).toFixed(1)} s`),
        informing("storm-list", "the list of open incidents meanwhile", `${listed.toFixed(0)} ms`),
        informing("storm-memory", "resident memory 20 s after, against before", `worker ${grown.worker >= 0 ? "+" : ""}${grown.worker.toFixed(0)} MB, web ${grown.web >= 0 ? "+" : ""}${grown.web.toFixed(0)} MB`),
      ],
      notes: [`${samples} alerts one after another by POST /api/webhooks/alertmanager, each until the incident's event is read from GET /api/stream by this process; ${openings} times GET /api/v1/incidents/{number}, remedies and runbooks included; ${storm.alerts} alerts in ${storm.messages} messages at once, over nine Big Pods.`],
    };
  },
};
