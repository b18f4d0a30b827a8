import { expect, test } from "vitest";
import { LiveCache } from "#components/query/live-cache.ts";

test("a reader hears of its own key, until it leaves", () => {
  const cache = new LiveCache();
  const heard: unknown[] = [];
  const leave = cache.subscribe(["operation", "a"], () => heard.push(cache.get(["operation", "a"])));
  cache.set(["operation", "b"], 1);
  cache.set(["operation", "a"], 2);
  leave();
  cache.set(["operation", "a"], 3);
  expect(heard).toEqual([2]);
  expect(cache.get(["operation", "a"])).toBe(3);
  expect(cache.get(["operation", "c"])).toBeUndefined();
});

test("the same value again tells nobody", () => {
  const cache = new LiveCache();
  const value = {};
  cache.set(["platform"], value);
  let told = 0;
  cache.subscribe(["platform"], () => told++);
  cache.set(["platform"], value);
  cache.set(["platform"], {});
  expect(told).toBe(1);
});

test("a reader that leaves while others are told takes nothing from them", () => {
  const cache = new LiveCache();
  const heard: string[] = [];
  const leaveFirst = cache.subscribe(["live"], () => {
    heard.push("first");
    leaveFirst();
  });
  cache.subscribe(["live"], () => heard.push("second"));
  cache.set(["live"], 1);
  cache.set(["live"], 2);
  expect(heard).toEqual(["first", "second", "second"]);
});

test("what the first HTML was made of stays to be read, whatever was told since", () => {
  const cache = new LiveCache();
  cache.set(["platform"], "first");
  cache.markRendered();
  cache.set(["platform"], "second");
  cache.set(["operation", "a"], 1);
  expect([cache.rendered(["platform"]), cache.get(["platform"]), cache.rendered(["operation", "a"])]).toEqual(["first", "second", undefined]);
});
