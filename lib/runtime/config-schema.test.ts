import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configJsonSchema } from "#lib/runtime/config-schema.ts";
import { root } from "#lib/runtime/home.ts";

test("docs/vigie.schema.json is what the zod schema says (npm run schema writes it)", () => {
  expect(readFileSync(join(root, "docs/vigie.schema.json"), "utf8")).toBe(configJsonSchema());
});
