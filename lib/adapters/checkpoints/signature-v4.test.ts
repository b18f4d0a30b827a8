import { expect, test } from "vitest";
import { signedHeaders } from "#lib/adapters/checkpoints/signature-v4.ts";

/** The examples of "Signature Calculations for the Authorization Header" in the Amazon S3 API Reference, with their published signatures. */
const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1" };
const now = new Date("2013-05-24T00:00:00.000Z");
const host = "https://examplebucket.s3.amazonaws.com";

test.each<[string, string, string, Record<string, string>, string, string]>([
  ["GET", "a part of an object", "/test.txt", { range: "bytes=0-9" }, "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"],
  ["PUT", "an object", "/test$file.text", { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" }, "Welcome to Amazon S3.", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"],
  ["GET", "a bucket's lifecycle", "/?lifecycle", {}, "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"],
  ["GET", "a list", "/?max-keys=2&prefix=J", {}, "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
])("signs %s of %s as published", (method, _, path, headers, body, signature) => {
  const { authorization = "" } = signedHeaders({ method, url: new URL(path, host), headers, body }, credentials, now);
  expect(authorization).toContain("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request");
  expect(authorization.slice(authorization.indexOf("Signature="))).toBe(`Signature=${signature}`);
});
