import { mkdirSync, chmodSync } from "node:fs";
import { startEmbeddedPostgres } from "#lib/runtime/postgres/embedded.ts";
import { migrate } from "#lib/db/migrate.ts";
import { setUpRoles } from "#lib/db/roles.ts";
import { fillAudit } from "#bench/audit-fill.ts";
const folder = process.argv[2]; const rows = Number(process.argv[3]);
mkdirSync(folder, { recursive: true }); chmodSync(folder, 0o711);
const server = await startEmbeddedPostgres(folder + "/pg", { durable: false });
await migrate(server.ownerUrl, "prisma/migrations");
await setUpRoles(server.ownerUrl, { role: "vigie_app", password: "x" });
console.log(server.ownerUrl);
const t = performance.now();
try { await fillAudit(server.ownerUrl, rows, folder, new Date(), console.log); } catch (e) { console.log(e); }
console.log("filled", performance.now() - t);
setTimeout(() => {}, 1e9);
process.on("SIGTERM", () => void server.stop().then(() => process.exit(0)));
