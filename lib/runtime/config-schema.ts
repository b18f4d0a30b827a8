import { z } from "zod";
import { configSchema } from "#lib/contracts/config.ts";

/** JSON Schema (2020-12) of vigie.yaml, for editors; made from the zod schema, so the two cannot differ. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return `${JSON.stringify({ title: "vigie.yaml", description: "Configuration of Vigie", ...schema }, null, 2)}\n`;
}
