import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alertmanagerBinary, missingNote, startRealAlertmanager } from "#lib/adapters/prometheus/test-server.ts";
import { startAlertmanager } from "#sandbox/alertmanager/server.ts";
import { createClock } from "#sandbox/controllers/clock.ts";

interface Message {
  authorization: string | undefined;
  body: { status: string; alerts: { status: string; labels: Record<string, string>; endsAt: string; startsAt: string; fingerprint: string }[]; groupKey: string; truncatedAlerts: number; version: string; receiver: string; groupLabels: object; commonLabels: object; commonAnnotations: object; externalURL: string };
}

const route = { groupBy: ["alertname", "place"], groupWaitMs: 1_000, groupIntervalMs: 400 };

/** What a webhook is told, by the sandbox always and by the real Alertmanager where it is installed. */
function webhookContract(name: string, start: (url: string, options: { sendResolved: boolean; maxAlerts: number }) => Promise<{ url: string; stop(): Promise<void> }>): void {
  describe(`the webhook of ${name}`, () => {
    let receiver: Server;
    let messages: Message[];
    let refusals: number;
    const stops: (() => Promise<void>)[] = [];
    let loud: string;
    let curt: string;

    beforeAll(async () => {
      messages = [];
      refusals = 0;
      receiver = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          if (refusals > 0) {
            refusals -= 1;
            return response.writeHead(503).end();
          }
          messages.push({ authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) as Message["body"] });
          response.end();
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`; // a TCP server that listens
      for (const options of [{ sendResolved: true, maxAlerts: 0 }, { sendResolved: false, maxAlerts: 1 }]) {
        const server = await start(url, options);
        stops.push(server.stop);
        if (options.sendResolved) loud = server.url;
        else curt = server.url;
      }
    });
    afterAll(async () => {
      for (const stop of stops) await stop();
      receiver.close();
      receiver.closeAllConnections();
    });

    async function post(url: string, alertname: string, ...alerts: { pod: string; ended?: boolean }[]): Promise<void> {
      // Not before now: what began longer ago than a group waits is told at once, alert by alert.
      const now = Date.now();
      const body = alerts.map(({ pod, ended = false }) => ({ labels: { alertname, pod, place: "prod" }, annotations: { summary: "same" }, startsAt: new Date(ended ? now - 60_000 : now).toISOString(), endsAt: new Date(now + (ended ? -1 : 600_000)).toISOString(), generatorURL: "http://p.example/g" }));
      const response = await fetch(`${url}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      expect(response.status).toBe(200);
    }
    const of = (alertname: string) => messages.filter(({ body }) => body.alerts.some((alert) => alert.labels.alertname === alertname));
    const told = (alertname: string) => of(alertname).map(({ body }) => [body.status, ...body.alerts.map((alert) => `${alert.labels.pod} ${alert.status}`).toSorted()]);

    it("tells of a group in one message, of what is new in it, and of its end", async () => {
      await post(loud, "Group", { pod: "a" }, { pod: "b" });
      await expect.poll(() => told("Group"), { timeout: 60_000 }).toEqual([["firing", "a firing", "b firing"]]);
      const [message] = of("Group");
      expect(message?.authorization).toBe("Bearer shown");
      expect(message?.body).toEqual({
        receiver: "vigie", status: "firing", version: "4", truncatedAlerts: 0, groupKey: '{}:{alertname="Group", place="prod"}', groupLabels: { alertname: "Group", place: "prod" }, commonLabels: { alertname: "Group", place: "prod" }, commonAnnotations: { summary: "same" }, externalURL: expect.stringMatching(/^http:/),
        alerts: ["a", "b"].map((pod) => expect.objectContaining({ status: "firing", labels: { alertname: "Group", pod, place: "prod" }, annotations: { summary: "same" }, endsAt: "0001-01-01T00:00:00Z", generatorURL: "http://p.example/g", fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) })),
      });
      await post(loud, "Group", { pod: "c" });
      await expect.poll(() => told("Group").at(-1), { timeout: 60_000 }).toEqual(["firing", "a firing", "b firing", "c firing"]);
      await post(loud, "Group", { pod: "a", ended: true });
      await expect.poll(() => told("Group").at(-1), { timeout: 60_000 }).toEqual(["firing", "a resolved", "b firing", "c firing"]);
      await post(loud, "Group", { pod: "b", ended: true }, { pod: "c", ended: true });
      await expect.poll(() => told("Group").at(-1), { timeout: 60_000 }).toEqual(["resolved", "b resolved", "c resolved"]);
      expect(told("Group")).toHaveLength(4);
    });

    it("tells again what the receiver could not take", async () => {
      refusals = 1;
      await post(loud, "Again", { pod: "a" });
      await expect.poll(() => told("Again"), { timeout: 60_000 }).toEqual([["firing", "a firing"]]);
      expect(refusals).toBe(0);
    });

    it("tells nothing of what is silenced", async () => {
      const silence = { matchers: [{ name: "alertname", value: "Quiet", isRegex: false, isEqual: true }], startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 600_000).toISOString(), createdBy: "x", comment: "y" };
      await fetch(`${loud}/api/v2/silences`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(silence) });
      await post(loud, "Quiet", { pod: "a" });
      await post(loud, "Heard", { pod: "a" });
      await expect.poll(() => told("Heard"), { timeout: 60_000 }).toHaveLength(1);
      expect(told("Quiet")).toEqual([]);
    });

    it("leaves out what is more than its limit, and ends where it is not to tell of them", async () => {
      await post(curt, "Curt", { pod: "a" }, { pod: "b" }, { pod: "c" });
      await expect.poll(() => of("Curt").map(({ body }) => [body.alerts.length, body.truncatedAlerts]), { timeout: 60_000 }).toEqual([[1, 2]]);
      await post(curt, "Curt", { pod: "a", ended: true }, { pod: "b", ended: true }, { pod: "c", ended: true });
      await post(curt, "After", { pod: "a" });
      await expect.poll(() => told("After"), { timeout: 60_000 }).toHaveLength(1);
      expect(told("Curt")).toHaveLength(1);
    });
  });
}

webhookContract("the sandbox's Alertmanager", async (url, options) => {
  const clock = createClock();
  const server = await startAlertmanager({ clock, port: 0, host: "127.0.0.1", receivers: [{ name: "vigie", url, bearerToken: "shown", ...options }], route });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      clock.stop();
    },
  };
});

describe.skipIf(alertmanagerBinary === undefined)(`Debian's alertmanager${missingNote(alertmanagerBinary, "prometheus-alertmanager")}`, () => {
  webhookContract("the real Alertmanager", (url, { sendResolved, maxAlerts }) =>
    startRealAlertmanager({
      route: { receiver: "vigie", group_by: route.groupBy, group_wait: "1s", group_interval: "400ms", repeat_interval: "1h" },
      receivers: [{ name: "vigie", webhook_configs: [{ url, send_resolved: sendResolved, max_alerts: maxAlerts, http_config: { authorization: { credentials: "shown" } } }] }],
    }),
  );
});
