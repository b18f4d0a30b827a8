import { expect, test } from "vitest";
import { createScope } from "#bench/scope.ts";

test("what was started last ends first, a failing step stops no other, and late comers end at once", async () => {
  const ended: string[] = [];
  const scope = createScope();
  scope.add(() => void ended.push("stack"));
  scope.add(() => Promise.reject(new Error("stuck")));
  scope.add(async () => void ended.push("browser"));
  expect(await scope.close()).toEqual([new Error("stuck")]);
  expect(ended).toEqual(["browser", "stack"]);
  scope.add(() => void ended.push("late"));
  expect(ended).toEqual(["browser", "stack", "late"]);
  await scope.close();
  expect(ended).toHaveLength(3);
});
