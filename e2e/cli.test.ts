import { spawn } from "node:child_process";
import { copyFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiClient } from "#e2e/api-client.ts";
import type { ApiAnswer } from "#e2e/api-client.ts";
import { startPortal } from "#e2e/portal.ts";
import type { Portal } from "#e2e/portal.ts";
import { sandboxConsole } from "#e2e/sandbox-console.ts";
import { root } from "#lib/runtime/home.ts";

let portal: Portal;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-cli-"));
  portal = await startPortal();
  const api = apiClient(portal.url, portal.token);
  await api.until("state", (state) => state.environments.every((one: ApiAnswer["body"]) => one.releaseSettled === true && one.bigPods.every((pod: { status: string }) => pod.status === "healthy")), 120_000);
}, 400_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await portal?.stop();
}, 240_000);

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** The command as a person or a pipeline starts it, by its own launcher. */
function vigie(words: string[], options: { env?: Record<string, string | undefined>; until?: RegExp } = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, "lib/cli/vigie.mjs"), ...words], { env: { ...process.env, VIGIE_URL: portal.url, VIGIE_TOKEN: portal.token, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (options.until?.test(out) === true) child.kill("SIGINT");
  });
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => child.on("error", reject).on("close", (code) => resolve({ code, out, err })));
}

const json = (ended: Ended): ApiAnswer["body"] => JSON.parse(ended.out);
const releaseOf = async (environment: string): Promise<string> => json(await vigie(["state", "--json", "-e", environment])).environments[0].release;

describe("what is, and what would be", () => {
  test("state, for people and for programs", async () => {
    const people = await vigie(["state", "--check"]);
    expect(people).toMatchObject({ code: 0, err: "" });
    expect(people.out).toMatch(/^ENVIRONMENT +BIG POD +STATUS +READY +VERSION +RELEASE +CAUSE\n/);
    expect(people.out).toMatch(/^prod +experience +healthy +2\/2 +v[\d.]+\S* +R-\d+$/m);
    expect(people.out).not.toContain("\u001b");
    const programs = json(await vigie(["state", "--json", "-e", "prod"]));
    expect(programs.environments.map((one: { name: string }) => one.name)).toEqual(["prod"]);
    expect(await vigie(["state", "-e", "nowhere"])).toMatchObject({ code: 2, out: "", err: "There is no environment nowhere for this token: dev, staging, prod.\n" });
  });

  test("a plan is shown with its gates and changes nothing", async () => {
    const before = await releaseOf("prod");
    const plan = await vigie(["plan", "promote", "--from", "staging", "--to", "prod"]);
    expect(plan.code, plan.err).toBe(0);
    expect(plan.out).toMatch(/^Promote R-\d+ to prod /);
    expect(plan.out).toMatch(/pass +The source is healthy/);
    expect(plan.out).toMatch(/Confirmed, it runs at once\.\n$/);
    const dry = await vigie(["promote", "--from", "staging", "--to", "prod", "--dry-run", "--json"]);
    expect(json(dry)).toMatchObject({ kind: "promotion", ready: true });
    expect(await releaseOf("prod")).toBe(before);
  });
});

describe("a release, there and back, as a pipeline does it", () => {
  test("promote ends with 0, again with 2 because nothing would change, rollback with 0", async () => {
    const before = await releaseOf("prod");
    const key = "pipeline-run-4711";
    const promoted = await vigie(["promote", "--from", "staging", "--to", "prod", "--reason", "cli story", "--key", key, "--json"]);
    expect(promoted.code, promoted.err).toBe(0);
    const operation = json(promoted);
    expect(operation).toMatchObject({ status: "succeeded", reason: "cli story" });
    expect(promoted.err).toMatch(/✓ Roll out \w+: /);
    expect(promoted.err).toMatch(/Promote R-\d+ to prod: succeeded in \d+ s\./);
    const again = await vigie(["promote", "--from", "staging", "--to", "prod"]);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/Something changes: (fail, )?prod already runs the images of staging/);
    expect(await vigie(["operations", "-e", "prod", "--limit", "1"])).toMatchObject({ code: 0, out: expect.stringContaining(operation.id) });
    const back = await vigie(["rollback", "-e", "prod", "--to", before, "--reason", "cli story, back"]);
    expect(back.code, back.err).toBe(0);
    expect(await releaseOf("prod")).toBe(before);
    // The rollback ends the watch of the promotion, which is an entry of its own: at the worker's next look, so perhaps after the rollback was reported.
    await apiClient(portal.url, portal.token).until(`audit?operation=${operation.id}`, (page) => page.entries.length > 3, 30_000);
    const log = json(await vigie(["audit", "--operation", operation.id, "--json"]));
    expect(log.entries.map((entry: { action: string }) => entry.action)).toEqual(["watch.verdict", "operation.outcome", "operation.start", "operation.request"]);
  }, 120_000);

  test("a release that fails goes back by itself, and the command ends with 1", async () => {
    await sandboxConsole(portal.sandbox.console).post("faults/release", { environment: "staging", kind: "needs-setting" });
    const api = apiClient(portal.url, portal.token);
    await api.until("state", (state) => state.environments[1].releaseSettled === true && state.environments[1].bigPods.find((one: { name: string }) => one.name === "experience").status === "healthy" && state.environments[1].bigPods.find((one: { name: string }) => one.name === "experience").version === "v2.4.0", 60_000);
    const failed = await vigie(["promote", "--from", "staging", "--to", "prod", "--big-pod", "experience", "--json"]);
    expect(failed.code, failed.err).toBe(1);
    expect(json(failed)).toMatchObject({ status: "returned" });
    expect(failed.err).toMatch(/: returned in \d+ s\. .*What was changed is back as it was/);
  }, 120_000);

  test("abort ends with 0 when the operation was aborted, 2 when it had ended", async () => {
    const plan = await vigie(["promote", "--from", "dev", "--to", "staging", "--no-wait"]);
    expect(plan.code, plan.err).toBe(0);
    const id = plan.out.trim();
    const aborted = await vigie(["abort", id]);
    expect(aborted.code, aborted.err).toBe(0);
    expect(await vigie(["abort", id])).toMatchObject({ code: 0, err: expect.stringMatching(/: aborted in/) });
    const done = json(await vigie(["operations", "--status", "succeeded", "--json"])).operations[0].id;
    expect(await vigie(["abort", done])).toMatchObject({ code: 2, err: expect.stringMatching(/has already ended \(succeeded\)/) });
    expect(json(await vigie(["operations", id, "--json"]))).toMatchObject({ status: "aborted" });
  }, 120_000);
});

describe("audit, tokens, watching", () => {
  test("the chain is verified and exported", async () => {
    expect(await vigie(["audit", "verify"])).toMatchObject({ code: 0, out: expect.stringMatching(/^The chain holds: \d+ entries, up to \d+ \([0-9a-f]{64}\), and \d+ signed checkpoints\.\n$/) });
    const { out } = await vigie(["audit", "export"]);
    expect(out.trim().split("\n").map((line) => JSON.parse(line).sequence).slice(0, 2)).toEqual([1, 2]);
  });

  test("an export verifies offline, with the file of checkpoints and the public key that a new Vigie makes by itself", async () => {
    const checkpoints = join(folder, "checkpoints.jsonl");
    copyFileSync(join(portal.folder, "audit-checkpoints.jsonl"), checkpoints);
    writeFileSync(join(folder, "export.jsonl"), (await vigie(["audit", "export"])).out);
    writeFileSync(join(folder, "key.pem"), (await vigie(["audit", "public-key"])).out);
    const alone = { env: { VIGIE_URL: "http://127.0.0.1:1", VIGIE_TOKEN: undefined } };
    const words = ["audit", "verify", "--export", join(folder, "export.jsonl"), "--checkpoints", checkpoints, "--public-key", join(folder, "key.pem")];
    expect(await vigie(words, alone)).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/^The chain holds: .*\n\d+ checkpoints of vigie\/\S+ hold; the newest is of /) });
    expect(await vigie(["audit", "checkpoints"])).toMatchObject({ code: 0, out: expect.stringMatching(/^home +file +\d+ +0 +audit-checkpoints\.jsonl in Vigie's own folder$/m) });
  });

  test("a token is made, used from a file, and ended", async () => {
    const made = await vigie(["token", "create", "pipeline", "--role", "viewer", "-e", "dev", "--days", "1"]);
    expect(made.code, made.err).toBe(0);
    const file = join(folder, "token");
    writeFileSync(file, made.out, { mode: 0o600 });
    const withFile = (words: string[]) => vigie(["--token-file", file, ...words], { env: { VIGIE_TOKEN: undefined } });
    expect((await withFile(["state"])).out).toMatch(/^dev /m);
    expect(await withFile(["plan", "promote", "--from", "staging", "--to", "prod"])).toMatchObject({ code: 2, err: expect.stringContaining("There is no environment \"prod\"") });
    const id = /^vgt_([a-z0-9]{16})_/.exec(made.out)?.[1] ?? "";
    expect(await vigie(["token", "revoke", id])).toMatchObject({ code: 0 });
    expect(await withFile(["state"])).toMatchObject({ code: 2 });
  });

  test("watch tells what moves, until it is interrupted", async () => {
    const watching = vigie(["watch", "-e", "dev"], { until: /commerce in dev is (rolling out|broken|warning)/ });
    await sandboxConsole(portal.sandbox.console).post("releases", { environment: "dev", bigPod: "commerce" });
    const { code, out } = await watching;
    expect(code).toBe(0);
    expect(out).toMatch(/^\d{4}-\d{2}-\d{2}T\S+ {2}core in dev is healthy$/m);
    expect(out).not.toMatch(/in prod/);
  }, 60_000);
});

describe("what cannot be done", () => {
  test("nobody there is 3, a refusal is 2, and both have a sentence", async () => {
    const server = createServer((_, response) => response.writeHead(404).end("<html>")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const other = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await vigie(["state", "--url", other])).toMatchObject({ code: 2, err: expect.stringContaining("without a sentence") });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await vigie(["state", "--url", other])).toMatchObject({ code: 3, err: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/) });
    expect(await vigie(["state", "--url", "ftp://x"])).toMatchObject({ code: 2 });
    expect(await vigie(["state"], { env: { VIGIE_TOKEN: "" } })).toMatchObject({ code: 2, err: expect.stringContaining("An API token is needed") });
    expect(await vigie(["state"], { env: { VIGIE_TOKEN: "vgt_wrong" } })).toMatchObject({ code: 2 });
    expect(json(await vigie(["operations", "no-such-one", "--json"]))).toMatchObject({ error: { code: "not-found" } });
    expect(await vigie(["rollback", "-e", "prod", "--to", "R-0"])).toMatchObject({ code: 2, err: expect.stringContaining("a release such as R-211 is wanted") });
    expect(await vigie(["fly"])).toMatchObject({ code: 2, err: expect.stringContaining("unknown command 'fly'") });
  });
});
