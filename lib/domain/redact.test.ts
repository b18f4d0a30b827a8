import fc from "fast-check";
import { expect, test } from "vitest";
import { redact } from "#lib/domain/redact.ts";

test.each([
  ["Authorization: Bearer abc.def-123456", "abc.def"],
  ["authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
  ["sent bearer 0123456789abcdef to it", "0123456789abcdef"],
  ["cannot reach postgres://vigie:hunter2@db:5432/x", "hunter2"],
  ["https://ghp@example.org/", "ghp@"],
  ["key AKIAIOSFODNN7EXAMPLE is used", "AKIAIOSFODNN7EXAMPLE"],
  ["ghp_0123456789abcdefghij0123456789abcdef", "ghp_"],
  ["github_pat_11ABCDEFG0123456789_abcdef", "github_pat"],
  ["xoxb-1234567890-abcdefghij", "xoxb"],
  ["vgt_0123456789abcdef", "vgt_"],
  ["https://hooks.slack.com/services/T000/B000/XXXX", "T000"],
  ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJ"],
  ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY-----", "MIIE"],
  ["-----BEGIN PRIVATE KEY-----\nMIIE, cut off", "MIIE"],
  ["PASSWORD=hunter2", "hunter2"],
  ["DB_PASSWORD: 'hunter 2'", "hunter 2"],
  ['{"clientSecret":"hunter2"}', "hunter2"],
  ["?token=hunter2&page=3", "hunter2"],
  ["aws_secret_access_key = hunter2", "hunter2"],
  ["x-api-key: hunter2", "hunter2"],
])("cuts the secret out of %j", (text, secret) => {
  const result = redact(text);
  expect(result).not.toContain(secret);
  expect(result).toContain("[removed]");
});

test.each(["voyage in experience-7d9f-x2 keeps exiting with code 137", "password: env:SMTP_PASSWORD", "tokens per second: file:rate", "https://vigie.example.org/incidents/12", "sha256:0123456789abcdef0123456789abcdef", "mail to ada@example.org", "the secret of success is work"])("leaves %j as it is", (text) => {
  expect(redact(text)).toBe(text);
});

test("what stands around it stays", () => {
  expect(redact("connect to postgres://vigie:hunter2@db:5432/x failed: password=hunter2, retry in 5 s")).toBe("connect to postgres://[removed]@db:5432/x failed: password=[removed], retry in 5 s");
});

test("whatever stands around it, the secret goes", () => {
  const around = fc.array(fc.constantFrom("password=", "secret: ", "Bearer ", "abcdefgh12", "://", "u:p@", " ", '"', "'", "\n", ",", "token", "[removed]"), { maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(fc.property(around, around, (before, after) => !redact(`${before} password=hunter2 ${after}`).includes("hunter2")), { numRuns: 1_000 });
});
