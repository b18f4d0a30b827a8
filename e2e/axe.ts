import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";

/** What axe finds on a page, as sentences; `within` limits it to parts of the page, without what others frame there. */
export async function axeFindings(page: Page, { within = [] }: { within?: readonly string[] } = {}): Promise<string[]> {
  let builder = new AxeBuilder({ page });
  for (const part of within) builder = builder.include(part).exclude(`${part} iframe`);
  const { violations } = await builder.analyze();
  return violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(" ")).join(", ")}`);
}
