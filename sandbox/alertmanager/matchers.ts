import { ApiRefusal } from "#sandbox/alertmanager/refusal.ts";

/** As a silence has it: all of them must hold. */
export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

export const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const filterText = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*$/s;

/** `name="value"` with one of =, !=, =~, !~, as the query parameter `filter` has it; quotes may be left out. */
export function parseFilter(text: string): Matcher {
  const [, name = "", operator = "", given = ""] = filterText.exec(text) ?? [];
  if (name === "") throw new ApiRefusal(400, `bad matcher format: ${text}`);
  const matcher = { name, value: unquoted(given), isRegex: operator.endsWith("~"), isEqual: operator.startsWith("=") };
  patternOf(matcher);
  return matcher;
}

function unquoted(text: string): string {
  if (!/^".*"$/s.test(text)) return text;
  return text.slice(1, -1).replaceAll(/\\(.)/gs, (_whole, character: string) => (character === "n" ? "\n" : character));
}

/** Whether the label set fulfils it; a label that is not there is empty. */
export function fulfils(labels: Readonly<Record<string, string>>, matcher: Matcher): boolean {
  const value = labels[matcher.name] ?? "";
  const same = matcher.isRegex ? patternOf(matcher).test(value) : value === matcher.value;
  return same === matcher.isEqual;
}

/** Anchored at both ends. Throws ApiRefusal when it is no regular expression. */
export function patternOf({ value }: Pick<Matcher, "value">): RegExp {
  try {
    return new RegExp(`^(?:${value})$`, "s");
  } catch (error) {
    throw new ApiRefusal(400, `invalid regular expression ${JSON.stringify(value)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
