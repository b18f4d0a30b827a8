import { expect, test } from "vitest";
import { parts, readArguments } from "#bench/run.ts";

test.each([
  [[], parts.map(({ name }) => name), 10, false],
  [["memory", "latency", "--minutes", "0.5"], ["latency", "memory"], 0.5, false],
  [["start-up", "--cold"], ["start-up"], 10, true],
])("%j", (given, names, minutes, cold) => {
  const read = readArguments(given);
  expect({ ...read, parts: read.parts.map(({ name }) => name) }).toEqual({ parts: names, minutes, cold });
});

test.each([
  [["speed"], /no part "speed".*latency, latency-large, watches/],
  [["--minutes"], /--minutes takes/],
  [["--minutes", "long"], /not "long"/],
])("%j is refused with what there is", (given, sentence) => {
  expect(() => readArguments(given)).toThrow(sentence);
});
