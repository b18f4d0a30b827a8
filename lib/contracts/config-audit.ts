import { z } from "zod";
import { name, secretReferenceSchema } from "#lib/contracts/config-values.ts";

/** Where signed checkpoints of the audit log are kept, outside the database. */
export const checkpointPlaceConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("file"), name, /** JSON Lines, appended to; relative to vigie.yaml. */ path: z.string().min(1).max(500) }),
  z.strictObject({
    kind: z.literal("s3"), name, /** Endpoint without the bucket; its host must stand in egress.allow. */ url: z.url({ protocol: /^https?$/ }),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "the name of a bucket"), region: z.string().regex(/^[a-z0-9-]{1,40}$/, "a region such as auto or eu-frankfurt-1").default("auto"),
    /** Before the names of objects, with its slash: "vigie/". */ prefix: z.string().regex(/^([A-Za-z0-9][A-Za-z0-9._-]*\/)*$/, 'a prefix of letters, digits, dashes and dots that ends with a slash, such as "vigie/"').max(200).default(""),
    accessKeyId: secretReferenceSchema, secretAccessKey: secretReferenceSchema,
  }),
  z.strictObject({ kind: z.literal("webhook"), name, /** Its host must stand in egress.allow. */ url: z.url({ protocol: /^https?$/ }), /** Key of the signature (HMAC-SHA256). */ secret: secretReferenceSchema }),
]);
export const auditConfigSchema = z.strictObject({
  checkpoints: z
    .strictObject({
      /** What this log is called in its checkpoints; from the platform's name when left out. Never changed once there are some. */
      origin: z.string().regex(/^[\x21-\x7e]{1,200}$/, "1 to 200 visible ASCII characters").optional(),
      /** Ed25519 private key in PEM. Left out: made once and kept in Vigie's own folder. */
      key: secretReferenceSchema.optional(),
      /** Whichever comes first; also when nothing happens. */
      everyMinutes: z.number().min(0.05).max(24 * 60).default(5),
      everyEntries: z.int().min(1).max(1_000_000).default(1_000),
      /** None: a file in Vigie's own folder. */
      places: z.array(checkpointPlaceConfigSchema).max(10).default([]),
    })
    .prefault({}),
  /** Start although the database's role could change the audit log. */
  allowUnprotected: z.boolean().default(false),
});

export type CheckpointPlaceConfig = z.infer<typeof checkpointPlaceConfigSchema>;
