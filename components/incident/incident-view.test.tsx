import { describe, expect, test } from "vitest";
import { IncidentView } from "#components/incident/incident-view.tsx";
import { Runbooks } from "#components/incident/runbooks.tsx";
import { fixtureComparison, fixtureEntry, fixtureFullIncident, fixtureRemedy, fixtureRunbook, fixtureSignal, fixtureSuspect } from "#components/incident/test-incident.ts";
import { fixtureIncident, fixtureNow, fixtureOperation, fixtureSnapshot } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";
import type { Incident } from "#lib/contracts/incident.ts";

type Surroundings = Parameters<typeof renderHtml>[1];
const view = (overrides: Partial<Incident> = {}) => {
  const incident = fixtureFullIncident(overrides);
  return <IncidentView initial={incident} timeline={{ order: "newest", zone: "utc", filter: "all" }} runbooks={<Runbooks runbooks={incident.runbooks} />} />;
};
const text = (overrides?: Partial<Incident>, surroundings?: Surroundings) => renderText(view(overrides), surroundings);
const html = (overrides?: Partial<Incident>, surroundings?: Surroundings) => renderHtml(view(overrides), surroundings);

describe("the head of an incident", () => {
  test("what, how bad, since when, who, and what can be done with it", () => {
    const shown = text();
    expect(shown).toContain("Incident 12 · critical open · Experience in prod");
    expect(shown).toContain("began 5 min ago · nobody is on it yet · 2 signals fire");
    for (const button of ["Acknowledge incident 12", "Take incident 12", "Resolve incident 12…", "Merge incident 12…"]) expect(shown).toContain(button);
  });
  test("acknowledged, and taken by the reader", () => {
    const rafael = { id: "rafael", name: "Rafael" };
    const shown = text({ status: "acknowledged", acknowledged: { by: rafael, at: fixtureNow }, assignee: rafael });
    expect(shown).toContain("critical acknowledged");
    expect(shown).toContain("Rafael is on it");
    expect(shown).toContain("Give incident 12 back");
    expect(shown).not.toContain("Acknowledge incident 12");
  });
  test("over: how long it lasted and who ended it, and no buttons to end it again", () => {
    const shown = text({ status: "resolved", resolved: { at: fixtureNow, by: "Vigie" }, firing: 0, flapping: true, reopened: 1 });
    expect(shown).toContain("resolved was critical flapping");
    expect(shown).toContain("lasted 5 min · resolved by Vigie · 2 signals, none fires · reopened once");
    expect(shown).not.toContain("Resolve incident");
  });
  test("merged: where it goes on", () => expect(html({ status: "merged", mergedInto: 9, resolved: { at: fixtureNow, by: "Ada" } })).toContain('href="/incidents/9"'));
  test("a viewer reads why a button is not theirs", () => {
    expect(html({}, { grants: [{ role: "viewer", environments: "*" }] })).toMatch(/title="Acknowledging in prod takes the role operator or /);
  });
  test("a newer summary of the stream is laid over what the page read only when it moved", () => {
    expect(text({}, { snapshot: fixtureSnapshot({ incidents: [fixtureIncident({ severity: "warning" })] }) })).toContain("critical open");
  });
});

describe("what changed just before", () => {
  test("rank, nearness to the onset, reasons, numbers with n and p, verdict in words", () => {
    const shown = text();
    expect(shown).toContain("Suspect 1 R-213 → prod Experience v2.2.1 → v2.3.0 3 min before");
    expect(shown).toContain("the same Big Pod · 3 min before it began");
    expect(shown).toContain("errors 0.4 % of 7,204 11.8 % of 3,912 worse p < 0.001");
    expect(shown).toContain("latency, median 210 ms n = 60 1.34 s n = 32 worse p < 0.001, effect 0.93");
    expect(shown).toContain("restarts 0 6");
    expect(shown).toContain("What came with R-213: 1 image, 2 commits, by Rafael");
    expect(shown).toContain("Load whole tilesets at once");
  });
  test("insufficient data is grey and a question, never green", () => {
    const comparison = fixtureComparison({ verdict: "insufficient-data", sentence: "30 requests are too few", errors: null, latency: null, memory: null, restarts: null, control: null });
    const shown = html({ suspects: [fixtureSuspect({ comparison })] });
    expect(shown).toMatch(/text-unknown[^>]*>(?:(?!<\/span>).)*insufficient data/);
    expect(shown).not.toMatch(/text-ok[^>]*>(?:(?!<\/span>).)*insufficient data/);
    expect(text({ suspects: [fixtureSuspect({ comparison })] })).toContain("errors not known not known insufficient data");
  });
  test("none: whether nothing changed, or it is not known", () => {
    expect(html({ suspects: [], suspectsNote: null })).toContain('data-absence="empty"');
    const unknown = html({ suspects: [], suspectsNote: "Changes of prod could not be read." });
    expect(unknown).toContain('data-absence="unknown"');
    expect(unknown).toContain("Changes of prod could not be read.");
  });
});

describe("the remedy", () => {
  test("the recommended one first, with its facts and the reason that will be filled in; one that cannot be pressed says why", () => {
    const shown = text();
    expect(shown).toMatch(/What helps Roll back prod to R-212 .*takes about 40 s.*its reason will be “Incident 12: panorama out of memory since R-213”.*Restart Experience in prod/);
    expect(html()).toMatch(/aria-disabled="true" title="No NetworkPolicy may be written there\."[^>]*>Isolate Experience in prod/);
    expect(shown).toContain("No NetworkPolicy may be written there.");
  });
  test("what runs in the environment stands in place of a second press", () => {
    const operation = fixtureOperation({ id: "op-9", kind: "rollback", environment: "prod", title: "Roll back prod to R-212" });
    expect(html({}, { snapshot: fixtureSnapshot({ operations: [operation] }) })).toMatch(/Running operations.*\/operations\/op-9/);
  });
  test.each([
    ["verifying", "verifying", "rolled back to R-212, alerts quiet for 1 of 2 min"],
    ["not-recovered", "rolled back, not recovered", "rolled back to R-212, but HighErrorRatio fires still"],
    ["recovered", "recovered", "rolled back to R-212; quiet since"],
  ] as const)("recovery: %s", (state, words, sentence) => {
    const recovery = { state, operationId: "op-9", sentence, since: fixtureNow, until: null, checks: [{ name: "alerts" as const, ok: state === "verifying" ? null : state === "recovered", detail: "1 of 2 min" }] };
    const shown = text({ recovery });
    expect(shown).toContain(words);
    expect(shown).toContain(sentence);
    expect(html({ recovery })).toContain(`data-recovery="${state}"`);
  });
  test("none: it says so", () => expect(text({ remedies: [] })).toContain("No button of Vigie's helps here."));
});

describe("signals", () => {
  test("a silence says that it only mutes; ended ones are folded", () => {
    const silenced = fixtureSignal({ silence: { id: "x", endsAt: "2026-11-21T15:06:00.000Z", by: "Ada", comment: "known" } });
    const shown = text({ active: [silenced] });
    expect(shown).toContain("Silenced by Ada, ends in 1 h : “known”. Only notifications are muted; the incident stays open.");
    expect(shown).not.toContain("Silence…");
    expect(shown).toContain("1 signal has ended");
  });
  test("only alerts can be silenced, and only by who may", () => {
    expect(html({ active: [fixtureSignal()] })).toContain('aria-label="Silence HighErrorRatio…"');
    expect(html({ active: [fixtureSignal({ kind: "health" })] })).not.toContain("Silence HighErrorRatio");
    expect(html({ active: [fixtureSignal()] }, { grants: [{ role: "approver", environments: "*" }] })).toContain("Silencing in prod takes the role");
  });
  test("markup in labels is inert text", () => {
    expect(html({ active: [fixtureSignal({ labels: { team: "<img src=x onerror=alert(1)>" } })] })).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });
  test("a storm is folded after the first dozen", () => {
    const many = Array.from({ length: 40 }, (_, index) => fixtureSignal({ id: `s${index}`, title: `Alert${index}` }));
    expect(text({ active: many })).toContain("28 more that fire");
  });
});

describe("the timeline", () => {
  test("days, clocks, links, notes with who wrote them, late arrivals, an anchor for each", () => {
    const shown = text();
    expect(shown).toContain("Sat 21 Nov 2026");
    expect(shown).toMatch(/14:00:00 note: Tiles are slow in Paris · Rafael/);
    expect(shown).toContain("late: recorded 6 min after it happened");
    const markup = html();
    expect(markup).toContain('id="e4"');
    expect(markup).toContain('href="#e4"');
    expect(markup).toContain('href="/operations/op-9"');
  });
  test("500 entries are one page", () => {
    const timeline = Array.from({ length: 500 }, (_, index) => fixtureEntry(index + 1, { at: fixtureNow }));
    expect(html({ timeline }).match(/data-kind=/g)).toHaveLength(500);
  });
  test("older ones are a press away", () => expect(text({ timelineNext: 1 })).toContain("Show older entries"));
});

describe("runbooks", () => {
  test("Markdown as elements: raw HTML is left out, links lead out safely, steps can be ticked and say by whom", () => {
    const markup = html();
    expect(markup).not.toContain("<script");
    expect(markup).not.toContain("alert(1)</");
    expect(markup).toContain('<a href="https://grafana.example/d/1" target="_blank" rel="noopener noreferrer nofollow"');
    expect(text()).toContain("1 of 2 steps ticked");
    expect(markup).toMatch(/<input type="checkbox" aria-label="Is one pod worse than the others\?"[^>]*checked=""/);
    expect(markup).toMatch(/<input type="checkbox" aria-label="Roll back"(?![^>]*checked)/);
  });
  test.each(["javascript:alert(1)", "data:text/html,x", "//evil.example/x", "/settings"])("no link to %s", (url) => {
    const markup = html({ runbooks: [fixtureRunbook({ markdown: `[go](${url}) ![see](${url})`, steps: [] })] });
    expect(markup).not.toContain(url);
    expect(markup).not.toContain("<img");
    expect(markup).toContain("<span>go</span>");
  });
  test("pictures do not make the browser call other hosts", () => {
    const markup = html({ runbooks: [fixtureRunbook({ markdown: "![map](https://pictures.example/a.png)", steps: [] })] });
    expect(markup).not.toContain("<img");
    expect(markup).toContain('href="https://pictures.example/a.png"');
  });
  test("one that cannot be shown says why; one by address leads there", () => {
    expect(html({ runbooks: [fixtureRunbook({ markdown: null, steps: [], trouble: "The host wiki.evil is not allowed." })] })).toMatch(/data-absence="unreachable".*The host wiki\.evil is not allowed\./);
    expect(html({ runbooks: [fixtureRunbook({ markdown: null, steps: [], url: "https://wiki.example/oom" })] })).toContain('href="https://wiki.example/oom"');
  });
});

test("evidence is downloaded by who may read it", () => {
  expect(html()).toContain('href="/api/v1/evidence/e1" download=""');
  const viewer = html({}, { grants: [{ role: "viewer", environments: "*" }] });
  expect(viewer).not.toContain("/evidence/e1");
  expect(viewer).toMatch(/data-absence="forbidden".*1 file is kept/);
});

test("without remedies that may be pressed, the first HTML still says all of it", () => {
  expect(text({ remedies: [fixtureRemedy({ enabled: false, why: "prod has had no earlier release.", plan: null })] })).toContain("prod has had no earlier release.");
});
