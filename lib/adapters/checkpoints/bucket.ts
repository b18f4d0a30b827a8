import type { LookupFunction } from "node:net";
import { createPlaceClient } from "#lib/adapters/checkpoints/guarded.ts";
import { signedHeaders } from "#lib/adapters/checkpoints/signature-v4.ts";
import type { S3Credentials } from "#lib/adapters/checkpoints/signature-v4.ts";
import type { GuardedAnswer } from "#lib/adapters/egress/guarded-request.ts";
import { objectName } from "#lib/domain/checkpoint-places.ts";
import { checkpointLine } from "#lib/domain/checkpoint.ts";
import { DeliveryError } from "#lib/ports/checkpoints.ts";
import type { CheckpointPlace } from "#lib/ports/checkpoints.ts";

interface BucketOptions {
  name: string;
  /** Endpoint; the bucket is a part of the path, which all S3 services understand. */
  url: string;
  bucket: string;
  prefix: string;
  credentials: S3Credentials;
  /** egress.allow */
  allow: readonly string[];
  resolver?: LookupFunction;
  now?: () => Date;
}

/**
 * A bucket of an S3 service (Cloudflare R2, OCI Object Storage, MinIO, AWS): an object per checkpoint, under a name that no other checkpoint has.
 * Put with If-None-Match: *, so that what is there is never overwritten; where a service knows no conditions, it is looked for before.
 */
export function createBucketPlace({ name, url, bucket, prefix, credentials, allow, resolver, now = () => new Date() }: BucketOptions): CheckpointPlace {
  const ask = createPlaceClient(allow, resolver);
  return {
    name,
    async put(signed, signal) {
      const object = new URL(`/${bucket}/${objectName(prefix, signed.checkpoint)}`, url);
      const body = `${checkpointLine(signed)}\n`;
      const send = async (method: "GET" | "PUT", headers: Record<string, string>): Promise<GuardedAnswer> => {
        const text = method === "PUT" ? body : "";
        const all = { ...headers, ...(method === "PUT" ? { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) } : {}) };
        return ask({ method, url: object, headers: signedHeaders({ method, url: object, headers: all, body: text }, credentials, now()), body: text }, signal);
      };
      const stored = async (): Promise<boolean> => {
        const answer = await send("GET", {});
        if (answer.status === 404) return false;
        if (answer.status !== 200) throw refused(object, "read", answer);
        if (answer.body.toString("utf8") === body) return true;
        throw new DeliveryError(`Another object stands at ${object.host}${object.pathname}: it is not what was signed. Look who wrote it; nothing was overwritten.`, { conflict: true });
      };
      const answer = await send("PUT", { "if-none-match": "*" });
      if (answer.status === 200 || answer.status === 201) return;
      if (answer.status === 412 && (await stored())) return;
      if (answer.status === 501 || answer.body.includes("<Code>NotImplemented</Code>")) {
        if (await stored()) return;
        const plain = await send("PUT", {});
        if (plain.status === 200 || plain.status === 201) return;
        throw refused(object, "written", plain);
      }
      throw refused(object, "written", answer);
    },
  };
}

/** With the service's own code ("SignatureDoesNotMatch"), and nothing else of what it says: it may repeat what was signed. */
function refused(object: URL, what: string, { status, body }: GuardedAnswer): DeliveryError {
  const code = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(body.toString("utf8"))?.[1];
  const hint = status === 403 ? " Check the keys, the region and the clock." : status === 404 ? " Does the bucket exist?" : "";
  return new DeliveryError(`${object.host}${object.pathname} cannot be ${what}: HTTP ${status}${code === undefined ? "" : ` (${code})`}.${hint}`);
}
