import { z } from "zod";

/** What names in vigie.yaml look like. */
export const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a lower-case name of letters, digits and dashes (at most 63)");

/** A secret is only ever a reference: `env:NAME` or `file:/absolute/or/relative/path`. */
export const secretReferenceSchema = z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, "a reference to a secret: env:NAME or file:path");
