import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownImports, wrongDirection } from "#lib/runtime/checks/directions.ts";
import { root } from "#lib/runtime/home.ts";

test.each([
  ["components/a.tsx", "lib/db/client.ts", false, /components may import only/],
  ["lib/domain/a.ts", "lib/contracts/state.ts", false, /only types/],
  ["lib/services/a/b.ts", "lib/adapters/registry/registry.ts", false, /lib\/services may import only/],
  ["app/page.tsx", "lib/db/client.ts", false, /app may import only/],
  ["lib/worker/main.ts", "sandbox/main.ts", false, /lib\/worker may import only/],
  ["sandbox/main.ts", "lib/domain/status.ts", true, /sandbox may import only/],
  ["lib/runtime/a.ts", "lib/db/test-database.ts", false, /tests only/],
  ["lib/runtime/wiring.ts", "bench/run.ts", false, /lib\/runtime may import only/],
])("%s may not import %s", (from, to, typeOnly, sentence) => {
  expect(wrongDirection({ from, to, typeOnly })).toMatch(sentence);
});

test("types may flow from contracts into the domain, and every form of import is seen", () => {
  const text = 'import type { A } from "#lib/contracts/state.ts";\nimport {\n  b,\n} from "#lib/db/client.ts";\nexport { c } from "./c.ts";\nconst d = await import("#lib/runtime/home.ts");\nimport "#app/globals.ts";';
  expect(ownImports("lib/domain/x.ts", text)).toEqual([
    { from: "lib/domain/x.ts", to: "lib/contracts/state.ts", typeOnly: true },
    { from: "lib/domain/x.ts", to: "lib/db/client.ts", typeOnly: false },
    { from: "lib/domain/x.ts", to: "lib/domain/c.ts", typeOnly: false },
    { from: "lib/domain/x.ts", to: "lib/runtime/home.ts", typeOnly: false },
    { from: "lib/domain/x.ts", to: "app/globals.ts", typeOnly: false },
  ]);
  expect(wrongDirection({ from: "lib/domain/x.ts", to: "lib/contracts/state.ts", typeOnly: true })).toBeNull();
});

test("no file of the project imports in a wrong direction", () => {
  const files = ["app", "components", "lib", "sandbox", "bench", "e2e"].flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`);
    } catch {
      return [];
    }
  });
  const sources = files.filter((file) => /\.tsx?$/.test(file) && !file.startsWith("lib/db/generated/"));
  expect(sources.length).toBeGreaterThan(20);
  const wrong = sources.flatMap((file) => ownImports(file, readFileSync(join(root, file), "utf8"))).map(wrongDirection).filter((sentence) => sentence !== null);
  expect(wrong).toEqual([]);
});
