import type { OperationStep } from "#lib/contracts/operation.ts";

/** A drill: a rollback, and the way back from it. Its second half is the return of any operation, planned instead of forced. */

interface Draft {
  name: string;
  title: string;
  bigPod: string | null;
}

/** Steps that return to the present release, after the rollback's own were verified. `back`: the return's steps, in their order. */
export function drillReturnSteps(environment: string, back: readonly Draft[]): { name: `drill-${string}`; title: string; bigPod: string | null }[] {
  return [...back.map(({ name, title, bigPod }) => ({ name: `drill-${name}` as const, title, bigPod })), { name: "drill-verify" as const, title: `See that ${environment} is back where it was, and well`, bigPod: null }];
}

export function isDrillStep(name: string): boolean {
  return name.startsWith("drill-");
}

/** How long each half took, seconds; null while a half is not complete. The rollback is counted from its first look to its verification. */
export function drillTimes(steps: readonly Pick<OperationStep, "name" | "status" | "startedAt" | "finishedAt">[]): { back: number | null; again: number | null } {
  const span = (half: readonly Pick<OperationStep, "status" | "startedAt" | "finishedAt">[]): number | null => {
    const [first, last] = [half[0]?.startedAt, half.at(-1)?.finishedAt];
    if (first === undefined || first === null || last === undefined || last === null || half.some((step) => step.status !== "succeeded")) return null;
    return (Date.parse(last) - Date.parse(first)) / 1000;
  };
  const planned = steps.filter((step) => !step.name.startsWith("return-"));
  return { back: span(planned.filter((step) => !isDrillStep(step.name))), again: span(planned.filter((step) => isDrillStep(step.name))) };
}

/** "Went back to R-211 in 19 s and returned in 22 s." */
export function drillNote(release: number | null, steps: Parameters<typeof drillTimes>[0]): string {
  const { back, again } = drillTimes(steps);
  const to = release === null ? "the release before" : `R-${release}`;
  return `Went back to ${to}${inSeconds(back)} and returned${inSeconds(again)}.`;
}

function inSeconds(seconds: number | null): string {
  return seconds === null ? "" : ` in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}
