import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { describe, expect, test } from "vitest";
import type { History, Strip } from "#lib/contracts/history.ts";
import { EventList, EventTable } from "#components/history/event-list.tsx";
import { CallFailed } from "#components/history/history-queries.tsx";
import { PastHead, PastRest } from "#components/history/past.tsx";
import { StripRow } from "#components/history/strip-row.tsx";
import { Strips } from "#components/history/strips.tsx";
import { fixtureNow, fixtureOperation } from "#components/query/fixtures.ts";
import { keys } from "#components/query/keys.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";

const at = "2026-11-21T12:06:00.000Z";
const replicas = { desired: 2, updated: 2, ready: 1, available: 1, total: 2 };
const up = { name: "voyage", status: "up" as const, detail: null };
const history: History = {
  at,
  from: "2026-11-01T00:00:00.000Z",
  states: [
    { environment: "staging", bigPod: "core", status: "healthy", cause: null, version: "v1.5.0", since: "2026-11-20T12:06:00.000Z", replicas: { ...replicas, ready: 2 }, rollout: null, services: [] },
    { environment: "prod", bigPod: "experience", status: "broken", cause: "panorama keeps exiting with code 137", version: "v2.2.9", since: "2026-11-21T12:02:00.000Z", replicas, rollout: null, services: [up, { name: "panorama", status: "down", detail: "exited with code 137" }] },
  ],
  releases: [{ environment: "prod", release: 209, since: "2026-11-21T11:06:00.000Z" }],
  changes: [{ id: "c1", environment: "prod", bigPod: "experience", kind: "rollout", at: "2026-11-21T12:01:00.000Z", summary: "Experience v2.2.8 → v2.2.9", by: "Rafael (promotion)", operationId: null, release: 209 }],
  operations: [fixtureOperation({ id: "op-then", title: "Promote R-209 to prod", status: "returned", startedAt: "2026-11-21T12:01:00.000Z", finishedAt: "2026-11-21T12:09:00.000Z" })],
};
const past = { at, over: "24h" as const, history };

describe("a moment that is looked back at", () => {
  const html = renderHtml(<PastHead past={past} />);
  const text = renderText(<PastHead past={past} />);

  test("is loud about being one, and leads back to now", () => {
    expect(text).toMatch(/^You are looking at 12:06 UTC on 21 Nov \(2 h ago\)/);
    expect(html).toMatch(/<a[^>]*href="\/"[^>]*>Back to now<\/a>/);
  });
  test("shows what was: verdict, status, cause, version, services, release", () => {
    for (const words of ["Then: Experience is broken in prod", "panorama keeps exiting with code 137", "v2.2.9 · 1/2 · 4 min", "voyage", "R-209 · 1 h", "v1.5.0 · 2/2 · 1 d"]) expect(text).toContain(words);
    expect(html).toContain('data-verdict="broken"');
    expect(html).toMatch(/data-status="broken" data-cell="prod\/experience"/);
  });
  test("does not make up what was not known then", () => expect(html).toMatch(/data-status="unknown" data-cell="dev\/core"/));
  test("offers nothing to press, and no way back that is of today", () => {
    expect(html).not.toContain("<button");
    expect(text).not.toMatch(/Promote|Roll back|Guards|Way back/);
  });
  test("tells what ran then and how it ended, and what had changed, with the ages of then", () => {
    const rest = renderText(<PastRest past={past} />);
    expect(rest).toContain("running Promote R-209 to prod Rafael · begun 5 min ago · later returned, after 8 min");
    expect(rest).toContain("Experience v2.2.8 → v2.2.9 5 min");
  });
  test("of which nothing is kept says from when on there is something", () => {
    const empty = renderHtml(<PastHead past={{ ...past, history: { ...history, states: [] } }} />);
    expect(empty).toContain('data-absence="unknown"');
    expect(empty).toContain("What is kept begins at 00:00 UTC on 1 Nov");
    expect(empty).not.toContain("<table");
  });
  test("that is still to come is a sentence and the way back", () => {
    const refused = renderText(<PastHead past={{ at: null, over: "7d", kind: "unknown", sentence: "That moment has not come yet. Choose one in the past." }} />);
    expect(refused).toContain("That moment has not come yet.");
    expect(refused).toContain("Back to now");
    expect(renderText(<PastRest past={{ at: null, over: "7d", kind: "unknown", sentence: "" }} />)).toBe("");
  });
});

describe("a strip", () => {
  const strip: Strip = {
    environment: "prod",
    bigPod: "core",
    spans: [
      { from: "2026-11-21T08:06:00.000Z", to: "2026-11-21T12:06:00.000Z", status: "healthy" },
      { from: "2026-11-21T12:06:00.000Z", to: "2026-11-21T12:18:00.000Z", status: "broken" },
      { from: "2026-11-21T12:18:00.000Z", to: fixtureNow, status: "healthy" },
    ],
  };
  const row = (atMs: number | null) => <StripRow title="prod · Core" strip={strip} fromMs={Date.parse("2026-11-21T04:06:00.000Z")} toMs={Date.parse(fixtureNow)} atMs={atMs} zone="UTC" />;
  test("has each span at its place, with its word, taller the worse", () => {
    const html = renderHtml(row(null));
    expect(html).toMatch(/<rect data-status="broken" x="800.0" width="20.0" y="0" height="16" class="text-bad" fill="currentColor"><title>broken, 12:06 on 21 Nov to 12:18 on 21 Nov \(12 min\)<\/title>/);
    expect(html).toMatch(/<rect data-status="healthy" x="400.0" width="400.0" y="9" height="7"/);
    expect(html).not.toContain("data-at");
  });
  test("marks the moment looked at, unless that lies outside", () => {
    expect(renderHtml(row(Date.parse(at)))).toMatch(/<line data-at="true" x1="800"/);
    expect(renderHtml(row(Date.parse("2026-11-20T12:06:00.000Z")))).not.toContain("data-at");
  });
  test("is a table for those who listen, newest first", () => {
    const text = renderText(row(null));
    expect(text).toContain("prod · Core: broken for 12 min, healthy for 5 h 48 min");
    expect(text).toMatch(/Status From For healthy 12:18 on 21 Nov 1 h 48 min broken 12:06 on 21 Nov 12 min healthy 08:06 on 21 Nov 4 h$/);
  });
  test("of which nothing is kept says so", () => expect(renderText(<StripRow title="x" strip={{ ...strip, spans: [] }} fromMs={0} toMs={1} atMs={null} zone={null} />)).toContain("nothing is kept of this time"));
});

describe("what is asked for", () => {
  const [from, to] = ["2026-11-21T04:06:00.000Z", fixtureNow];
  function rendered(children: ReactNode, prepare: (client: QueryClient) => void): string {
    const client = new QueryClient({ defaultOptions: { queries: { retryOnMount: false, staleTime: Infinity } } });
    prepare(client);
    return renderHtml(<QueryClientProvider client={client}>{children}</QueryClientProvider>);
  }
  const failed = (key: readonly unknown[], error: Error) => (client: QueryClient) => client.getQueryCache().build(client, { queryKey: key }).setState({ status: "error", error, fetchStatus: "idle" });
  const answer = (code: "denied" | "unavailable", message: string) => new CallFailed({ code, message, detail: null, reference: "ref-12345678" });
  const strips = <Strips fromMs={Date.parse(from)} toMs={Date.parse(to)} atMs={null} only={null} titleOf={(one) => `${one.environment} · ${one.bigPod}`} expected={9} />;
  const many = Array.from({ length: 40 }, (_, index): Strip => ({ environment: "prod", bigPod: `b${index}`, spans: [{ from, to, status: index === 39 ? "broken" : "healthy" }] }));

  test("strips on their way keep their place", () => {
    const html = rendered(strips, () => undefined);
    expect(html).toContain('aria-label="Loading the history"');
    expect(html.split("h-4 w-full")).toHaveLength(10);
  });
  test("no strips is not the same as strips one may not see, nor as a server that is away", () => {
    expect(rendered(strips, (client) => client.setQueryData(keys.strips(from, to, null), { from, to, strips: [] }))).toContain('data-absence="empty"');
    expect(rendered(strips, failed(keys.strips(from, to, null), answer("denied", "Ask an admin for it.")))).toContain('data-absence="forbidden"');
    const away = rendered(strips, failed(keys.strips(from, to, null), answer("unavailable", "Vigie cannot reach its database.")));
    expect(away).toContain("Vigie cannot reach its database.");
    expect(away).toContain("ref-12345678");
    expect(away).toContain("Ask again");
  });
  test("of very many strips the worst come first, and the others are a click away", () => {
    const html = rendered(strips, (client) => client.setQueryData(keys.strips(from, to, null), { from, to, strips: many }));
    expect([...html.matchAll(/data-strip="([^"]+)"/g)].map(([, name]) => name)).toHaveLength(30);
    expect(html).toMatch(/data-strip="prod\/b39"/);
    expect(html).toContain("Show all 40");
  });
  test("events on their way, and more of them", () => {
    const list = <EventList environment="prod" bigPod="core" />;
    expect(rendered(list, () => undefined)).toContain('aria-label="Loading the events"');
    const page = { events: [], next: at };
    expect(rendered(list, (client) => client.setQueryData(keys.events("prod", "core"), { pages: [page], pageParams: [null] }))).toContain("Show older events");
    expect(rendered(list, (client) => client.setQueryData(keys.events("prod", "core"), { pages: [{ ...page, next: null }], pageParams: [null] }))).not.toContain("Show older events");
    expect(rendered(list, failed(keys.events("prod", "core"), answer("denied", "Ask an admin for it.")))).toContain('data-absence="forbidden"');
  });
});

describe("events", () => {
  const event = { uid: "e1", object: "Pod core-x1", type: "Warning", reason: "BackOff", message: "Back-off restarting failed container", count: 7, firstAt: at, lastAt: "2026-11-21T14:02:00.000Z" };
  test("say type, reason, object, how often and how long ago", () => {
    const text = renderText(<EventTable events={[event, { ...event, uid: "e2", type: "Normal", reason: "Pulled", count: 1 }]} />);
    expect(text).toContain("warning BackOff Pod core-x1 ×7 Back-off restarting failed container 4 min ago");
    expect(text).toContain("normal Pulled Pod core-x1 Back-off");
  });
  test("none is said as none", () => expect(renderHtml(<EventTable events={[]} />)).toContain('data-absence="empty"'));
});
