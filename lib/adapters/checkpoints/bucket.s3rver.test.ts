import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "@20minutes/s3rver";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createBucketPlace } from "#lib/adapters/checkpoints/bucket.ts";
import { checkpointLine } from "#lib/domain/checkpoint.ts";
import { newSigner } from "#lib/domain/test-chain.ts";

/** The package's one account. It verifies signatures by itself, and ignores If-None-Match when something is put. */
const credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER", region: "auto" };
const signer = newSigner();
const never = new AbortController().signal;
let size = 0;
let signed = signer.sign({ origin: "vigie/dreamscape", size, head: "ab".repeat(32), time: "2026-01-01T00:00:00.000Z" });
beforeEach(() => {
  size += 1;
  signed = signer.sign({ origin: "vigie/dreamscape", size, head: "ab".repeat(32), time: "2026-01-01T00:00:00.000Z" });
});

const directory = mkdtempSync(join(tmpdir(), "vigie-s3-"));
const server = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory, vhostBuckets: false, configureBuckets: [{ name: "vigie-audit" }] });
let host: string;
beforeAll(async () => {
  const { port } = await server.run();
  host = `127.0.0.1:${port}`;
});
afterAll(async () => {
  server.httpServer.closeAllConnections();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

const place = (change: Partial<Parameters<typeof createBucketPlace>[0]> = {}) => createBucketPlace({ name: "s3", url: `http://${host}`, bucket: "vigie-audit", prefix: "audit (a+b)/", credentials, allow: [host], ...change });
/** Where the server keeps the object of this test. */
const stored = (): string => {
  const file = readdirSync(directory, { recursive: true, encoding: "utf8" }).find((name) => name.includes(`/${String(size).padStart(12, "0")}-`) && name.endsWith("_object"));
  return file === undefined ? "" : join(directory, file);
};

test("an S3 server takes what is signed, and keeps it to the letter", async () => {
  await place().put(signed, never);
  expect(readFileSync(stored(), "utf8")).toBe(`${checkpointLine(signed)}\n`);
});

test("delivered twice it stays; something else in its place is never overwritten, although this server ignores conditions", async () => {
  await place().put(signed, never);
  await place().put(signed, never);
  writeFileSync(stored(), "something else");
  await expect(place().put(signed, never)).rejects.toMatchObject({ name: "DeliveryError", conflict: true });
  expect(readFileSync(stored(), "utf8")).toBe("something else");
});

test.each<[string, Partial<Parameters<typeof createBucketPlace>[0]>, RegExp]>([
  ["another secret", { credentials: { ...credentials, secretAccessKey: "wrong" } }, /HTTP 403 \(SignatureDoesNotMatch\)/],
  ["another key", { credentials: { ...credentials, accessKeyId: "OTHER" } }, /HTTP 403 \(InvalidAccessKeyId\)/],
  ["a bucket that does not exist", { bucket: "nowhere" }, /HTTP 404 \(NoSuchBucket\)\. Does the bucket exist/],
])("%s: is refused by it, and told", async (_, change, sentence) => {
  await expect(place(change).put(signed, never)).rejects.toMatchObject({ name: "DeliveryError", message: expect.stringMatching(sentence) });
  expect(stored()).toBe("");
});
