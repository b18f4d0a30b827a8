import { expect, test } from "vitest";
import { healthyWithoutBreak } from "#lib/domain/gate-soak.ts";

const at = (second: number): Date => new Date(Date.UTC(2026, 10, 21) + second * 1000);
/** "healthy 0, stale 100, healthy 130": oldest first, as one tells it. */
const since = (story: string): number | null => {
  const rows = story === "" ? [] : story.split(", ").map((row) => row.split(" ")).map(([status = "", second = ""]) => ({ status, at: at(Number(second)) }));
  const found = healthyWithoutBreak(rows.toReversed());
  return found === null ? null : (found.getTime() - at(0).getTime()) / 1000;
};

test.each([
  ["no history", "", null],
  ["healthy from the start", "healthy 5", 5],
  ["after a rollout", "healthy 0, progressing 100, healthy 160", 160],
  ["not healthy now", "healthy 0, broken 100", null],
  ["a short blindness is no break", "healthy 0, stale 100, healthy 130", 0],
  ["two short ones neither", "healthy 0, stale 100, healthy 130, unknown 200, healthy 260", 0],
  ["a minute and more is one", "healthy 0, unknown 100, healthy 161", 161],
  ["blind in two ways, together too long", "healthy 0, stale 100, unknown 140, healthy 170", 170],
  ["blind first, then broken: nobody saw how long", "healthy 0, warning 100, stale 110, healthy 130", 130],
  ["a history that begins blind", "unknown 0, healthy 20", 20],
  ["an unhealthy minute is a break, however short", "healthy 0, warning 100, healthy 101", 101],
])("%s", (_, story, expected) => expect(since(story)).toBe(expected));
