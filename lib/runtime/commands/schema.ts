/** `npm run schema`: writes docs/vigie.schema.json, which editors read for vigie.yaml. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchema } from "#lib/runtime/config-schema.ts";
import { root } from "#lib/runtime/home.ts";

writeFileSync(join(root, "docs/vigie.schema.json"), configJsonSchema());
