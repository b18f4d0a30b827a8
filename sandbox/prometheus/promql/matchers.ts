import type { Matcher } from "#sandbox/prometheus/promql/ast.ts";
import { anchored } from "#sandbox/prometheus/promql/literals.ts";

/** Throws SyntaxError when the value of =~ or !~ is no regular expression. */
export function matcherOf(label: string, op: string, value: string): Matcher {
  switch (op) {
    case "=":
      return { label, op, value, matches: (given) => given === value };
    case "!=":
      return { label, op, value, matches: (given) => given !== value };
    case "=~":
    case "!~": {
      const pattern = anchored(value);
      return { label, op, value, matches: (given) => pattern.test(given) === (op === "=~") };
    }
    default:
      throw new Error(`unknown matching operator ${op}`);
  }
}

/** Whether at least one matcher does not match the empty value: a selector of everything is refused. */
export function requireSelective(matchers: readonly Matcher[]): boolean {
  return matchers.some((matcher) => !matcher.matches(""));
}
