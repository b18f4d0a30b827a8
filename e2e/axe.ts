import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/**
 * What axe finds on a page, as sentences; `within` limits it to parts of the page, without what others frame there. Both colour schemes are made of the same elements: on a light
 * page only the rule that depends on colours is asked, everything else is asked on the dark one.
 */
export async function axeFindings(page: Page, { colorScheme = "dark", within = [] }: { colorScheme?: "dark" | "light"; within?: readonly string[] } = {}): Promise<string[]> {
  let builder = new AxeBuilder({ page });
  if (colorScheme === "light") builder = builder.withRules(["color-contrast"]);
  for (const part of within) builder = builder.include(part).exclude(`${part} iframe`);
  const { violations } = await builder.analyze();
  return violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}
