import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "#lib/runtime/home.ts";

/** What a process writes that logs in every way there is; the log goes to its own stdout. */
function written(script: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", `import { createLog } from "#lib/runtime/log.ts"; import { rememberSecret } from "#lib/domain/redact.ts"; const log = createLog("test"); ${script}`], { cwd: root, encoding: "utf8", env: { ...process.env, VIGIE_LOG: "debug" } });
  expect(status, stderr).toBe(0);
  return stdout;
}

test("ACCEPTANCE 36: whatever is logged, in message, fields, errors and their causes, goes without its secrets", () => {
  const text = written(`
    rememberSecret("a-value-without-form");
    const cause = Object.assign(new Error("connect to postgres://vigie:secret-one@db/x failed: password=secret-two"), { code: "28P01", config: { headers: { authorization: "Bearer secret-three" } } });
    log.info("Authorization: Bearer secret-four");
    log.warn({ token: "secret-five", deep: { list: [{ clientSecret: "secret-six" }], said: "a-value-without-form" } }, "with fields");
    log.error({ error: new Error("upstream said token: secret-seven", { cause }), err: cause, reference: "r-1" }, "failed");
    log.child({ cluster: "prod", password: "secret-eight" }).info("from a child");
  `);
  expect(text).not.toMatch(/secret-(one|two|three|four|five|six|seven|eight)|a-value-without-form/);
  const lines = text.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toMatchObject([
    { msg: "Authorization: [removed]" },
    { token: "[removed]", deep: { list: [{ clientSecret: "[removed]" }], said: "[removed]" }, msg: "with fields" },
    { error: { name: "Error", message: "upstream said token: [removed]", cause: { message: expect.stringContaining("postgres://[removed]@db/x"), code: "28P01" } }, reference: "r-1", msg: "failed" },
    { cluster: "prod", password: "[removed]" },
  ]);
});
