import pg from "pg";
import { readFileSync } from "node:fs";
const c = new pg.Client({ connectionString: readFileSync("/tmp/review/fill.log","utf8").split("\n")[0] });
await c.connect();
for (const q of process.argv.slice(2)) { const t = performance.now(); try { const r = await c.query(q); console.log(q.slice(0,120), "->", (performance.now()-t).toFixed(0)+"ms"); for (const row of (Array.isArray(r)?r.at(-1):r).rows.slice(0,60)) console.log("  ", Object.values(row).join(" | ")); } catch (e) { console.log(q.slice(0,100), "ERR", e.message); } }
await c.end();
