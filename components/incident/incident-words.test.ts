import { expect, test } from "vitest";
import { signalWords, whoIsOnIt, worstFirst } from "#components/incident/incident-words.ts";
import { fixtureIncident, fixtureNow } from "#components/query/fixtures.ts";

test("open before ended, worst first, production first, then the newest", () => {
  const resolved = { at: fixtureNow, by: "Vigie" };
  const incidents = [
    fixtureIncident({ number: 1, status: "resolved", resolved }),
    fixtureIncident({ number: 2, severity: "warning" }),
    fixtureIncident({ number: 3, environment: "staging" }),
    fixtureIncident({ number: 4 }),
    fixtureIncident({ number: 5 }),
    fixtureIncident({ number: 6, status: "merged", severity: "info", resolved }),
  ];
  expect(worstFirst(incidents, ["dev", "staging", "prod"]).map(({ number }) => number)).toEqual([5, 4, 3, 2, 6, 1]);
});

test.each([
  [0, 0, "no signals"],
  [0, 3, "3 signals, none fires"],
  [1, 1, "1 signal fires"],
  [1, 3, "1 of 3 signals fires"],
  [2, 3, "2 of 3 signals fire"],
  [3, 3, "3 signals fire"],
])("%i of %i signals", (firing, signals, words) => expect(signalWords({ firing, signals })).toBe(words));

test("who is on it is never left out", () => {
  const ada = { id: "ada", name: "Ada" };
  expect(whoIsOnIt(fixtureIncident())).toBe("nobody is on it yet");
  expect(whoIsOnIt(fixtureIncident({ acknowledged: { by: ada, at: fixtureNow } }))).toBe("acknowledged by Ada, nobody has taken it");
  expect(whoIsOnIt(fixtureIncident({ acknowledged: { by: ada, at: fixtureNow }, assignee: { id: "r", name: "Rafael" } }))).toBe("Rafael is on it");
});
