import type { Problem } from "#lib/domain/problems.ts";

/**
 * What cannot be seen is said once. Tiles that are stale because of a source are left to that source's own line;
 * tiles that are stale for one other reason (the worker is silent) become one line that speaks of none of them.
 */
export function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const blind = new Set(problems.filter((problem) => problem.bigPod === null && problem.environment !== null).map((problem) => problem.environment));
  const said = new Set<string>();
  return problems.flatMap((problem) => {
    if (problem.bigPod === null || problem.status !== "stale") return [problem];
    if (blind.has(problem.environment)) return [];
    const why = problem.cause.replace(/^stale, [^:]*: /, "");
    if (said.has(why)) return [];
    said.add(why);
    const alike = problems.filter((other) => other.status === "stale" && other.cause.endsWith(`: ${why}`));
    return alike.length === 1 ? [problem] : [{ ...problem, id: `silence/${why}`, environment: null, bigPod: null, cause: `${alike.length} tiles are stale: ${why}` }];
  });
}
