import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VigieError } from "#lib/domain/error.ts";
import { lineRedactor, redact, redactValue, rememberSecret } from "#lib/domain/redact.ts";

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

describe("secrets of this process", () => {
  const token = "pLaiN0ldW0rdsWithoutAnyForm";

  test("a value it was given goes, whatever its shape and wherever it stands", () => {
    expect(redact(`the server says ${token}.`)).toContain(token);
    rememberSecret(token);
    expect(redact(`the server says ${token}.`)).toBe("the server says [removed].");
    rememberSecret("p@ss/w\"rd 1");
    expect(redact(`postgres at ${encodeURIComponent("p@ss/w\"rd 1")}`)).toBe("postgres at [removed]");
    expect(redact(JSON.stringify({ said: "p@ss/w\"rd 1" }))).not.toContain("w\\\"rd");
  });

  test("one too short to be told from a word is not remembered", () => {
    rememberSecret("prod");
    expect(redact("prod is well")).toBe("prod is well");
  });

  test("of what is renewed again and again the last few are remembered", () => {
    for (let turn = 0; turn < 50; turn += 1) rememberSecret(`renewed-credential-${turn}.`, "a token that is renewed");
    expect(redact("renewed-credential-49. renewed-credential-48.")).toBe("[removed] [removed]");
    expect(redact("renewed-credential-1.")).toBe("renewed-credential-1.");
  });

  test("an error's sentence is redacted as it is made, and keeps the words that only announce", () => {
    expect(new VigieError("invalid", `cannot use ${token}`).message).toBe("cannot use [removed]");
    const own = 'clientSecret: a reference to a secret. Send the header Authorization: Bearer vgt_…';
    expect(new VigieError("invalid", own).message).toBe(own);
  });
});

test("in structures, members whose name says that they are secrets go whole; references, numbers and dates stay", () => {
  const at = new Date(0);
  expect(redactValue({ password: "a", session_token: "b", headers: { Cookie: "c", accept: "d" }, clientSecret: "env:OIDC", tokens: 3, at, list: ["Bearer 0123456789"], deep: { accessToken: "e" }, tokenId: "t-1" })).toEqual({
    password: "[removed]", session_token: "[removed]", headers: { Cookie: "[removed]", accept: "d" }, clientSecret: "env:OIDC", tokens: 3, at, list: ["Bearer [removed]"], deep: { accessToken: "[removed]" }, tokenId: "t-1",
  });
});

test("a private key in a log goes on every line it stands on, and what follows is shown again", () => {
  const shown = lineRedactor();
  expect(["before", "key: -----BEGIN RSA PRIVATE KEY-----", "MIIEabc", "defg==", "-----END RSA PRIVATE KEY-----", "after"].map(shown)).toEqual(["before", "key: [removed]", "[removed]", "[removed]", "[removed]", "after"]);
  const endless = lineRedactor();
  endless("-----BEGIN PRIVATE KEY-----");
  expect(Array.from({ length: 400 }, (_, index) => endless(`line ${index}`)).at(-1)).toBe("line 399");
});

test("what was redacted stays as it is when it is redacted again", () => {
  for (const text of ["LOG_LEVEL with password=hunter2", "Authorization: Bearer abcdefgh12", '{"token":"hunter2"}', "postgres://a:b@c/d", "secret: 'a b'"]) expect(redact(redact(text))).toBe(redact(text));
});
