/** `npm run access`: writes docs/access.md, who may do what. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessDocument } from "#lib/domain/access-document.ts";
import { root } from "#lib/runtime/home.ts";

writeFileSync(join(root, "docs/access.md"), accessDocument());
