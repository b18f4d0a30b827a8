import { readFileSync } from "node:fs";
import { createDatabase } from "#lib/db/client.ts";
import { findAuditPage } from "#lib/db/repositories/audit-page.ts";
const db = createDatabase(readFileSync("/tmp/review/fill.log","utf8").split("\n")[0]);
const b = { limit: 50, visible: "*" as const };
const cases: [string, object][] = [
  ["newest", {}], ["deep", { before: 300_000 }], ["actor", { actorIds: ["person-ada"] }], ["actor rare", { actorIds: ["person-rare"] }], ["action rare", { action: "incident.merge" }], ["env", { environment: "prod" }],
  ["bigpod", { bigPod: "core" }], ["outcome denied (none in newest tenth)", { outcome: "denied" }], ["denied dev commerce", { outcome: "denied", environment: "dev", bigPod: "commerce" }],
  ["empty conj", { outcome: "denied", action: "operation.start" }], ["text needle", { text: "krakatoa eruption" }], ["text none", { text: "nonexistent words here" }], ["text common", { text: "promotion" }],
  ["text denied", { text: "may not promote" }], ["text signs", { text: "---" }], ["digest", { text: "9c6a1bf94405" }], ["text+env", { text: "krakatoa", environment: "dev" }], ["text common+empty", { text: "canary", outcome: "denied", action: "operation.start" }],
  ["time", { from: "2025-03-01T00:00:00Z", to: "2025-03-02T00:00:00Z" }], ["time text", { from: "2025-03-01T00:00:00Z", to: "2025-06-02T00:00:00Z", text: "canary", outcome: "failed" }],
  ["release", { release: 57 }], ["incident", { incident: 5 }], ["operation", { operation: "op-1000" }], ["visible dev", { visible: ["dev"] }], ["visible dev text", { visible: ["dev"], text: "krakatoa" }], ["visible none", { visible: [], outcome: "failed" }],
];
for (const [name, f] of cases) {
  const times: number[] = []; let n = 0, next: unknown;
  for (let i = 0; i < 4; i++) { const t = performance.now(); const r = await findAuditPage(db, { ...b, ...f } as never); times.push(performance.now() - t); n = r.entries.length; next = r.next; }
  console.log(name.padEnd(40), times.map((t) => t.toFixed(0)).join(" ").padEnd(24), n, next);
}
await db.$disconnect();
