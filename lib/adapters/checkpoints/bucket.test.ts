import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBucketPlace } from "#lib/adapters/checkpoints/bucket.ts";
import { checkpointLine } from "#lib/domain/checkpoint.ts";
import { newSigner } from "#lib/domain/test-chain.ts";
import { createS3 } from "#sandbox/s3/server.ts";
import type { S3Stand } from "#sandbox/s3/server.ts";

const account = { accessKeyId: "AKTEST", secretAccessKey: "very/secret+key", region: "auto", bucket: "vigie-audit" };
const signer = newSigner();
const checkpoint = (size: number) => signer.sign({ origin: "vigie/dreamscape", size, head: "ab".repeat(32), time: "2026-01-01T00:00:00.000Z" });
const never = new AbortController().signal;

let stand: S3Stand;
let port: number;
beforeEach(async () => {
  stand = createS3(account);
  await new Promise<void>((resolve) => stand.server.listen(0, "127.0.0.1", resolve));
  port = (stand.server.address() as AddressInfo).port; // a TCP server
});
afterEach(async () => {
  stand.server.closeAllConnections();
  await new Promise((resolve) => stand.server.close(resolve));
});

const place = (change: Partial<Parameters<typeof createBucketPlace>[0]> = {}) => {
  const { bucket, ...credentials } = account;
  return createBucketPlace({ name: "r2", url: `http://127.0.0.1:${port}`, bucket, prefix: "audit/", credentials, allow: [`127.0.0.1:${port}`], ...change });
};

describe("a bucket", () => {
  test("gets an object per checkpoint, under a name that sorts, with the signature that the service computes itself", async () => {
    await place().put(checkpoint(7), never);
    await place().put(checkpoint(1_000), never);
    expect([...stand.objects]).toEqual([
      ["audit/vigie/dreamscape/000000000007-20260101T000000000Z-abababab.json", `${checkpointLine(checkpoint(7))}\n`],
      ["audit/vigie/dreamscape/000000001000-20260101T000000000Z-abababab.json", `${checkpointLine(checkpoint(1_000))}\n`],
    ]);
    // It looked whether something is there.
    expect(stand.refusals).toEqual(["NoSuchKey", "NoSuchKey"]);
  });

  test.each([true, false])("delivered twice, keeps one; another object in its place is never overwritten (conditional writes: %s)", async (conditions) => {
    stand.behaviour.conditions = conditions;
    await place().put(checkpoint(7), never);
    await place().put(checkpoint(7), never);
    expect(stand.objects.size).toBe(1);
    const [name = ""] = [...stand.objects.keys()];
    stand.objects.set(name, "something else");
    await expect(place().put(checkpoint(7), never)).rejects.toMatchObject({ name: "DeliveryError", conflict: true, message: expect.stringContaining("nothing was overwritten") });
    expect(stand.objects.get(name)).toBe("something else");
  });

  test.each<[string, Partial<Parameters<typeof createBucketPlace>[0]>, RegExp]>([
    ["another secret", { credentials: { ...account, secretAccessKey: "wrong" } }, /HTTP 403 \(SignatureDoesNotMatch\)\. Check the keys .*, the region and the clock/],
    ["another key", { credentials: { ...account, accessKeyId: "AKOTHER" } }, /HTTP 403 \(InvalidAccessKeyId\)/],
    ["another region", { credentials: { ...account, region: "eu-west-3" } }, /HTTP 400 \(AuthorizationHeaderMalformed\)/],
    ["a bucket that does not exist", { bucket: "nowhere" }, /HTTP 404 \(NoSuchBucket\)\. Does the bucket exist/],
    ["a clock that is wrong", { now: () => new Date(Date.now() - 3_600_000) }, /RequestTimeTooSkewed/],
    ["a host that egress.allow does not name", { allow: [] }, /does not stand in egress\.allow/],
    ["a host that leads to a private address", { url: "http://bucket.test", allow: ["bucket.test"], resolver: (_name, _options, callback) => callback(null, [{ address: "10.0.0.1", family: 4 }]) }, /10\.0\.0\.1, a private address/],
  ])("%s: is told, without the secret", async (_, change, sentence) => {
    const error: unknown = await place(change).put(checkpoint(7), never).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: "DeliveryError", message: expect.stringMatching(sentence) });
    expect(String(error)).not.toContain(account.secretAccessKey);
    expect(stand.objects.size).toBe(0);
  });

  test("into which the key may put, but not look, gets what is new; a second delivery cannot be told from a stranger's object, and says what is missing", async () => {
    stand.behaviour.putOnly = true;
    await place().put(checkpoint(7), never);
    expect(stand.objects.size).toBe(1);
    await expect(place().put(checkpoint(7), never)).rejects.toMatchObject({ name: "DeliveryError", message: expect.stringMatching(/cannot be read: HTTP 403 \(AccessDenied\)\..*allowed to read/) });
  });

  test("that fails is told with its code", async () => {
    stand.behaviour.fail = { status: 503, code: "SlowDown" };
    await expect(place().put(checkpoint(7), never)).rejects.toMatchObject({ message: expect.stringMatching(/HTTP 503 \(SlowDown\)/) });
  });

  test("that refuses what was signed for another body", async () => {
    // The stand-in itself: what was signed for one object is refused for another.
    const { signedHeaders } = await import("#lib/adapters/checkpoints/signature-v4.ts");
    const url = new URL(`http://127.0.0.1:${port}/vigie-audit/x.json`);
    const headers = signedHeaders({ method: "PUT", url, headers: {}, body: "one" }, account, new Date());
    const { host: _, ...sent } = headers;
    expect((await fetch(url, { method: "PUT", headers: sent, body: "two" })).status).toBe(400);
    expect((await fetch(new URL("/vigie-audit/y.json", url), { method: "PUT", headers: sent, body: "one" })).status).toBe(403);
    expect((await fetch(url, { method: "PUT", headers: sent, body: "one" })).status).toBe(200);
  });
});
