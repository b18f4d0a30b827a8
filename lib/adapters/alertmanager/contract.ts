import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAlertmanager } from "#lib/adapters/alertmanager/alertmanager.ts";
import type { AlertsApi } from "#lib/ports/alerts.ts";

export interface AlertmanagerUnderTest {
  url: string;
  stop(): Promise<void>;
}

/** What the adapter makes of an Alertmanager: runs against the sandbox always, and against the real one where it is installed. */
export function alertsContract(name: string, start: () => Promise<AlertmanagerUnderTest>): void {
  describe(`alerts through ${name}`, () => {
    let under: AlertmanagerUnderTest;
    let api: AlertsApi;
    beforeAll(async () => {
      under = await start();
      api = createAlertmanager({ url: under.url, authorization: null });
    });
    afterAll(() => under.stop());

    const inMinutes = (minutes: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + minutes * 60_000);
    async function post(...alerts: object[]): Promise<{ status: number; text: string }> {
      const response = await fetch(`${under.url}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(alerts) });
      return { status: response.status, text: (await response.text()).trim() };
    }
    const named = async (alertname: string) => (await api.alerts()).filter((alert) => alert.labels.alertname === alertname);
    const matcher = (labels: Record<string, string>) => Object.entries(labels).map(([label, value]) => ({ name: label, value, isRegex: false, isEqual: true }));

    it("is ready, and says since when it runs", async () => {
      expect((await fetch(`${under.url}/-/ready`)).status).toBe(200);
      const startedAt = await api.startedAt();
      expect(startedAt.getTime()).toBeGreaterThan(Date.now() - 120_000);
      expect(startedAt.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
    });

    it("gives firing alerts with the fingerprint of their labels, empty ones left out", async () => {
      const startsAt = inMinutes(-5);
      await post({ labels: { alertname: "Fires", a: "b", empty: "" }, annotations: { summary: "s" }, startsAt: startsAt.toISOString(), endsAt: inMinutes(5).toISOString(), generatorURL: "http://p.example/graph" });
      expect(await named("Fires")).toEqual([{ fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/), labels: { alertname: "Fires", a: "b" }, annotations: { summary: "s" }, startsAt, endsAt: inMinutes(5), updatedAt: expect.any(Date), state: "active", silencedBy: [], inhibitedBy: [], generatorURL: "http://p.example/graph" }]);
    });

    it.each([
      [{ ok: "1" }, "8d4653b8b9db0024"],
      [{ alertname: "X", a: "b" }, "c4fa8262820e0e19"],
    ])("computes the fingerprint of %o", async (labels, fingerprint) => {
      await post({ labels });
      expect((await api.alerts()).map((alert) => alert.fingerprint)).toContain(fingerprint);
    });

    it("keeps the earliest start of an alert that is sent again, and drops it when it has ended", async () => {
      const labels = { alertname: "Again" };
      const first = inMinutes(-10);
      await post({ labels, startsAt: first.toISOString(), endsAt: inMinutes(5).toISOString() });
      await post({ labels, startsAt: inMinutes(-2).toISOString(), endsAt: inMinutes(6).toISOString() });
      expect((await named("Again")).map(({ startsAt, endsAt }) => [startsAt, endsAt])).toEqual([[first, inMinutes(6)]]);
      await post({ labels, startsAt: first.toISOString(), endsAt: new Date(Date.now() - 1).toISOString() });
      expect(await named("Again")).toEqual([]);
    });

    it("takes an alert that says nothing of times for one that begins now and ends by itself", async () => {
      await post({ labels: { alertname: "Timeless" } });
      const [alert] = await named("Timeless");
      expect(Math.abs((alert?.startsAt.getTime() ?? 0) - Date.now())).toBeLessThan(10_000);
      expect((alert?.endsAt.getTime() ?? 0) - (alert?.startsAt.getTime() ?? 0)).toBe(300_000);
    });

    it.each([
      [[{ labels: {} }], 400, "at least one label pair required"],
      [[{ labels: { "a-b": "c" } }], 400, 'invalid label set: invalid name \\"a-b\\"'],
      [[{ annotations: {} }], 422, '{"code":602,"message":"0.labels in body is required"}'],
      [[{ labels: { a: "x" }, startsAt: "2026-11-21T10:00:00Z", endsAt: "2026-11-21T09:00:00Z" }], 400, "start time must be before end time"],
      [["text"], 400, '"code":400'],
    ])("refuses %j", async (alerts, status, words) => {
      const answer = await post(...(alerts as object[]));
      expect(answer.status).toBe(status);
      expect(answer.text).toContain(words);
    });

    it("silences with an end, a comment and who did it; what is silenced says by which", async () => {
      const labels = { alertname: "Loud", place: "prod" };
      await post({ labels, endsAt: inMinutes(5).toISOString() }, { labels: { ...labels, place: "dev" }, endsAt: inMinutes(5).toISOString() });
      const before = Date.now();
      const id = await api.silence({ matchers: matcher(labels), startsAt: new Date(before - 60_000), endsAt: inMinutes(60), createdBy: "Rafael Okoye", comment: "known, <b>mended</b> at noon" });
      const silence = (await api.silences()).find((one) => one.id === id);
      expect(silence).toMatchObject({ matchers: matcher(labels).toSorted((left, right) => (left.name < right.name ? -1 : 1)), endsAt: inMinutes(60), createdBy: "Rafael Okoye", comment: "known, <b>mended</b> at noon", state: "active" });
      // A start that is over becomes now.
      expect(silence?.startsAt.getTime()).toBeGreaterThanOrEqual(before - 1_000);
      const loud = async () => Object.fromEntries((await named("Loud")).map((alert) => [alert.labels.place, [alert.state, alert.silencedBy]]));
      expect(await loud()).toEqual({ prod: ["suppressed", [id]], dev: ["active", []] });
      await api.expire(id);
      expect((await loud()).prod).toEqual(["active", []]);
      expect((await api.silences()).find((one) => one.id === id)?.state).toBe("expired");
      await api.expire(id);
    });

    it.each([
      ["an end that is over", { endsAt: new Date(0) }, "start time must be before end time"],
      ["no matchers", { matchers: [] }, "at least 1 items"],
      ["a matcher of nothing", { matchers: [{ name: "a", value: "", isRegex: false, isEqual: true }] }, "must not match the empty string"],
      ["a bad name", { matchers: [{ name: "a b", value: "c", isRegex: false, isEqual: true }] }, "invalid label name"],
    ])("passes on why a silence with %s is refused", async (_what, change, words) => {
      const silence = { matchers: matcher({ a: "b" }), startsAt: new Date(), endsAt: inMinutes(60), createdBy: "somebody", comment: "a comment", ...change };
      await expect(api.silence(silence)).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining(words) });
    });

    it("says that a silence is not there", async () => {
      await expect(api.expire("11111111-1111-4111-8111-111111111111")).rejects.toMatchObject({ code: "not-found" });
    });

    it("groups, filters and names receivers", async () => {
      await post({ labels: { alertname: "Grouped", a: "b" }, endsAt: inMinutes(5).toISOString() });
      const get = async (path: string): Promise<unknown> => (await fetch(`${under.url}/api/v2/${path}`)).json();
      expect(await get(`alerts?filter=${encodeURIComponent('alertname="Grouped"')}&filter=${encodeURIComponent('a=~"b|c"')}`)).toMatchObject([{ labels: { alertname: "Grouped" } }]);
      expect(await get(`alerts?filter=${encodeURIComponent('a!="b"')}&filter=${encodeURIComponent('alertname="Grouped"')}`)).toEqual([]);
      expect(await get("alerts?filter=zz")).toBe("bad matcher format: zz");
      expect(await get(`alerts/groups?filter=${encodeURIComponent('alertname="Grouped"')}`)).toMatchObject([{ labels: expect.any(Object), receiver: { name: expect.any(String) }, alerts: [{ labels: { alertname: "Grouped" } }] }]);
      expect(await get("receivers")).toEqual([{ name: expect.any(String) }]);
      expect(await get("nowhere")).toMatchObject({ code: 404 });
    });

    it("is ended by its signal", async () => {
      await expect(api.alerts(AbortSignal.abort())).rejects.toMatchObject({ code: "upstream" });
    });
  });
}
