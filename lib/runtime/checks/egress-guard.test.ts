import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isTestFile } from "#lib/runtime/checks/directions.ts";
import { connectionsOf, mayConnect, mustName } from "#lib/runtime/checks/egress-guard.ts";
import { root } from "#lib/runtime/home.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
/** Code that runs on the server. Components run in the browser, where connect-src of the content policy holds them to our own origin. */
const files = ["app", "lib"].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`)).concat("proxy.ts", "instrumentation.ts").filter((file) => /\.tsx?$/.test(file) && !file.startsWith("lib/db/generated/") && !isTestFile(file));

test("nothing asks the world but through the egress guard", () => {
  expect(files.length).toBeGreaterThan(300);
  const unguarded = files.filter((file) => !(file in mayConnect)).flatMap((file) => connectionsOf(read(file)).map((what) => `${file} uses ${what}: ask through lib/adapters/egress/outgoing.ts`));
  expect(unguarded).toEqual([]);
});

test("what stands on the list is there, needs to be, and goes over the guard it names", () => {
  for (const file of Object.keys(mayConnect)) expect(files, file).toContain(file);
  for (const [file, guard] of Object.entries(mustName)) expect(read(file), file).toContain(guard);
});

test.each<[string, string[]]>([
  ['import { request } from "node:https";', ["node:https"]],
  ['import https from "node:https";\nhttps.get("https://x");', ["node:https"]],
  ['import { connect } from "node:net";', ["node:net"]],
  ['const { Agent } = await import("undici");', ["undici"]],
  ['export async function ask() {\n  return fetch("https://example.org");\n}', ["fetch"]],
  ["const socket = new WebSocket(address);", ["WebSocket"]],
  ['import { isIP } from "node:net";\nimport type { IncomingMessage } from "node:http";', []],
  ['import { isIP, createConnection } from "node:net";', ["node:net"]],
  ["/** fetch() of the browser. */\nconst prefetch = (a: string) => a;\nprefetch(\"x\");\nthis.fetch(1);", []],
])("a client that is not behind the guard is seen: %s", (text, expected) => {
  expect(connectionsOf(text)).toEqual(expected);
});
