import type { LookupFunction } from "node:net";
import { createPlaceClient } from "#lib/adapters/checkpoints/place-client.ts";
import { signedHeaders } from "#lib/adapters/checkpoints/signature-v4.ts";
import type { S3Credentials } from "#lib/adapters/checkpoints/signature-v4.ts";
import type { OutgoingReply } from "#lib/adapters/egress/guarded-request.ts";
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
 * What is there is never overwritten: it is looked for before, since there are services that ignore conditions, and put with If-None-Match: *, since others may be
 * quicker. A key that may put but not look has to rely on the condition alone.
 */
export function createBucketPlace({ name, url, bucket, prefix, credentials, allow, resolver, now = () => new Date() }: BucketOptions): CheckpointPlace {
  const ask = createPlaceClient(allow, resolver);
  return {
    name,
    async put(signed, signal) {
      const object = new URL(`/${bucket}/${objectName(prefix, signed.checkpoint)}`, url);
      const body = `${checkpointLine(signed)}\n`;
      const get = (): Promise<OutgoingReply> => ask({ method: "GET", url: object, headers: signedHeaders({ method: "GET", url: object, headers: {}, body: "" }, credentials, now()) }, signal);
      const send = (conditions: Record<string, string>): Promise<OutgoingReply> => {
        const headers = { ...conditions, "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };
        return ask({ method: "PUT", url: object, headers: signedHeaders({ method: "PUT", url: object, headers, body }, credentials, now()), body }, signal);
      };
      /** Whether the answer to a look is this very checkpoint. */
      const isThere = (answer: OutgoingReply): boolean => {
        if (answer.status === 404) return false;
        if (answer.status !== 200) throw refused(object, "read", answer);
        if (answer.body.toString("utf8") === body) return true;
        throw new DeliveryError(`Another object stands at ${object.host}${object.pathname}: it is not what was signed. Look who wrote it; nothing was overwritten.`, { conflict: true });
      };
      const before = await get();
      // AWS answers 403 for what is not there to a key that may not list; one that is wrong altogether is refused again below.
      if (before.status !== 403 && isThere(before)) return;
      let answer = await send({ "if-none-match": "*" });
      if (answer.status === 412 && isThere(await get())) return;
      if (before.status !== 403 && (answer.status === 501 || answer.body.includes("<Code>NotImplemented</Code>"))) answer = await send({});
      if (answer.status !== 200 && answer.status !== 201) throw refused(object, "written", answer);
    },
  };
}

/** With the service's own code ("SignatureDoesNotMatch"), and nothing else of what it says: it may repeat what was signed. */
function refused(object: URL, what: string, { status, body }: OutgoingReply): DeliveryError {
  const code = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(body.toString("utf8"))?.[1];
  const hint = status === 403 ? " Check the keys (they must be allowed to read and to write objects), the region and the clock." : status === 404 ? " Does the bucket exist?" : "";
  return new DeliveryError(`${object.host}${object.pathname} cannot be ${what}: HTTP ${status}${code === undefined ? "" : ` (${code})`}.${hint}`);
}
