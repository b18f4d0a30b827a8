import { expect, test } from "vitest";
import { containerStatuses } from "#lib/domain/fold-read.ts";
import { quotableLine, silentEnds, withLastLines } from "#lib/domain/fold-last-line.ts";
import { coreImages, crashing, deployment, pod, replicaSet } from "#lib/domain/test-objects.ts";

const images = coreImages("v1");
const set = replicaSet(deployment("core", images), "a", images);
const ended = { terminated: { exitCode: 1, reason: "Error", finishedAt: "2026-11-21T14:00:00Z" } };

test("an end without a message asks for a log line, once per run; of the run before when it runs again", () => {
  const looping = pod(set, "1", images, { containers: { auth: crashing(1) } });
  expect(silentEnds(looping)).toMatchObject([{ container: "auth", previous: false }]);
  const again = pod(set, "1", images, { containers: { auth: { restartCount: 1, state: { running: { startedAt: "2026-11-21T14:00:01Z" } }, lastState: ended } } });
  expect(silentEnds(again)).toMatchObject([{ container: "auth", previous: true, key: expect.stringContaining("2026-11-21T14:00:00") as string }]);
});

test.each([
  ["it says why itself", crashing(1, { message: "no database" })],
  ["out of memory", crashing(137, { reason: "OOMKilled" })],
  ["a clean end", { state: { terminated: { exitCode: 0, reason: "Completed" } } }],
  ["it runs", {}],
])("no line is asked for when %s", (_name, status) => {
  expect(silentEnds(pod(set, "1", images, { containers: { auth: status } }))).toEqual([]);
});

test.each([crashing(1), { restartCount: 0, state: ended }])("a found line stands where the message would; the object itself is left alone", (status) => {
  const raw = pod(set, "1", images, { containers: { auth: status } });
  const before = structuredClone(raw);
  const key = silentEnds(raw)[0]?.key ?? "";
  const told = withLastLines(raw, new Map([[key, "Error: no database"]]));
  expect(containerStatuses(told).find((s) => s.name === "auth")?.ended?.message).toBe("Error: no database");
  expect(raw).toEqual(before);
  expect(withLastLines(raw, new Map([["other", "x"]]))).toBe(raw);
});

test("the line a person would quote is no frame of a stack trace", () => {
  expect(quotableLine(["listening", "Error: connect ECONNREFUSED 10.0.0.21:5432", "    at TCPConnectWrap.afterConnect (node:net:1595:16)", "", "Node.js v24.1.0"])).toBe("Error: connect ECONNREFUSED 10.0.0.21:5432");
  expect(quotableLine(["", "  "])).toBeNull();
});

test.each([
  ["a supervised process in a container's log", ["voyage   | 2026-11-21T12:06:27.394Z error Error: Cannot find module", "2026-11-21T12:06:27.400Z supervisor: exited: voyage (exit status 1; not expected)"], "voyage: Error: Cannot find module"],
  ["a time and a level", ["[2026-11-21 12:06:27,394] ERROR no route to mongo"], "no route to mongo"],
  ["JSON lines", ['{"level":"error","msg":"cannot reach the tile server","time":1}', '{"level":"info","msg":"bye"}'], "cannot reach the tile server"],
  ["something that only looks like JSON", ["{not json"], "{not json"],
  ["nothing but a time", ["2026-11-21T12:06:27Z "], "2026-11-21T12:06:27Z"],
  ["an error that begins the line", ["Error: x", "stopped"], "Error: x"],
])("quoted without what machines put before it: %s", (_name, lines, expected) => expect(quotableLine(lines)).toBe(expected));
