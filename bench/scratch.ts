import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { kubeClient } from "#bench/kubernetes.ts";
import { readyDatabase } from "#lib/runtime/stack/database.ts";
import { bundleSandbox, bundleWorker } from "#lib/runtime/stack/build.ts";
import { root } from "#lib/runtime/home.ts";

const [large = "", seconds = "60", rate = "50", nodeArgs = ""] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "vigie-scratch-"));
chmodSync(folder, 0o711);
const [db, worker, sandboxFile] = await Promise.all([readyDatabase(folder), bundleWorker("/tmp/reflect/build"), bundleSandbox("/tmp/reflect/build")]);
const env = { ...process.env, VIGIE_ROOT: root, VIGIE_HOME: folder, DATABASE_URL: db.url, ...(large === "" || large === "-" ? {} : { SANDBOX_LARGE: large }) };
const sandbox = spawn(process.execPath, [sandboxFile], { env, stdio: ["ignore", "pipe", "inherit"] });
const addresses: any = await new Promise((resolve) => { let t = ""; sandbox.stdout.on("data", (d) => { t += d; const l = t.split("\n").find((x) => x.startsWith('{"ready":true')); if (l) resolve(JSON.parse(l)); }); });
const client = new pg.Client({ connectionString: db.url });
await client.connect();
const startedAt = performance.now();
const child = spawn(process.execPath, ["--max-semi-space-size=2", ...nodeArgs.split(" ").filter(Boolean), worker], { env: { ...env, VIGIE_CONFIG: addresses.configFile }, stdio: ["ignore", "pipe", "inherit"] });
let out = ""; child.stdout.on("data", (d) => { out += d; });
const rss = (pid: number | undefined) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024 / 1e6;
const cpu = (pid: number | undefined) => { const f = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" "); return (Number(f[11]) + Number(f[12])) / 100; };
const want = large === "" || large === "-" ? 9 : 3 * (Number(large.split("x")[0]) + 3);
for (;;) {
  const { rows } = await client.query("SELECT count(*)::int AS n, count(*) FILTER (WHERE status='healthy')::int AS h FROM big_pod_state");
  if (rows[0].n === want && rows[0].h >= want) break;
  if (performance.now() - startedAt > 60000) { console.log("only", rows[0], out.slice(-1500)); break; }
  await new Promise((r) => setTimeout(r, 20));
}
console.log(`first true state after ${(performance.now() - startedAt).toFixed(0)} ms; worker RSS ${rss(child.pid).toFixed(0)} MB, cpu ${cpu(child.pid)} s`);
const kube = kubeClient(addresses.kubeconfig);
const list = await kube.get("/api/v1/namespaces/dreamscape-staging/pods?labelSelector=" + encodeURIComponent(large === "" || large === "-" ? "app.kubernetes.io/name=core" : "app.kubernetes.io/part-of=large"));
const pods = list.items.map((p: any) => p.metadata.name);
await client.query("LISTEN vigie_stream");
let notices = 0; const lat: number[] = [];
const sent = new Map<string, { v: number; at: number }>();
client.on("notification", (n) => { notices++; });
const c0 = cpu(child.pid), s0 = cpu(sandbox.pid), t0 = performance.now();
let n = 0;
const probe = setInterval(() => console.log(`${((performance.now() - t0) / 1000).toFixed(0)} s: worker ${rss(child.pid).toFixed(0)} MB, cpu ${(100 * (cpu(child.pid) - c0) / ((performance.now() - t0) / 1000)).toFixed(0)}%, sandbox ${rss(sandbox.pid).toFixed(0)} MB cpu ${(100 * (cpu(sandbox.pid) - s0) / ((performance.now() - t0) / 1000)).toFixed(0)}%, notices ${notices}, changes ${n}`), 10000);
const pending = new Set<Promise<void>>();
while (performance.now() - t0 < Number(seconds) * 1000) {
  const due = Math.floor((performance.now() - t0) / 1000 * Number(rate));
  while (n < due) {
    const name = pods[n % pods.length];
    n++;
    const p = kube.jsonPatch(`/api/v1/namespaces/dreamscape-staging/pods/${name}/status`, [{ op: "replace", path: "/status/containerStatuses/0/restartCount", value: 1000 + n }]).catch((e) => console.log(String(e).slice(0, 200))).finally(() => pending.delete(p));
    pending.add(p);
  }
  await new Promise((r) => setTimeout(r, 10));
}
clearInterval(probe);
console.log(`end: worker ${rss(child.pid).toFixed(0)} MB, cpu ${(100 * (cpu(child.pid) - c0) / ((performance.now() - t0) / 1000)).toFixed(0)}%, notices ${notices}`);
if (process.env.PROFILE) console.log(out.slice(-3000));
for (const one of [child, sandbox]) { const e = new Promise((r) => one.once("exit", r)); one.kill("SIGTERM"); await e; }
await client.end(); await db.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
