import { setTimeout as wait } from "node:timers/promises";
import { startBed } from "#bench/bed.ts";
import { cookieHeader, openBrowser, signedIn } from "#bench/browser.ts";
import { openEventStream } from "#bench/event-stream.ts";
import { kubeClient } from "#bench/kubernetes.ts";
import { pidOf } from "#bench/memory.ts";
import { informing, limited } from "#bench/part.ts";
import type { Part } from "#bench/part.ts";
import { family, residentBytes, sumOver } from "#bench/process-memory.ts";
import { createScope } from "#bench/scope.ts";
import { percentile } from "#bench/statistics.ts";

const readers = 200;
const changes = 60;
const gapMs = 500;
const firstValue = 100_000;
const pods = "/api/v1/namespaces/dreamscape-staging/pods";

/** Two hundred browsers' streams on one web process. */
export const streams: Part = {
  name: "streams",
  title: "Two hundred browsers on one web process",
  async run({ scope, say }) {
    const bed = await startBed(scope, say);
    const brief = createScope();
    scope.add(() => brief.close());
    const cookie = await cookieHeader(await signedIn(await openBrowser(brief, say), bed.url), bed.url);
    await brief.close();
    const kube = kubeClient(bed.sandbox.kubeconfig);
    const list = await kube.get(`${pods}?labelSelector=${encodeURIComponent("app.kubernetes.io/name=core")}`);
    const name: string = list.items[0].metadata.name;
    const sentAt = new Map<number, number>();
    const times: number[] = [];
    let ended = 0;
    for (let index = 0; index < readers; index++) {
      let seen = 0;
      await openEventStream(scope, bed.url, { cookie }, ({ type, data }) => {
        const at = Date.now();
        if (type === "ended" || type === "signed-out") ended += 1;
        if (type !== "state" || data.environment !== "staging" || data.bigPod !== "core") return;
        const shown: number = data.pods.find((pod: { name: string }) => pod.name === name)?.restarts ?? 0;
        for (const [value, sent] of sentAt) {
          if (value <= seen || value > shown) continue;
          times.push(at - sent);
        }
        seen = Math.max(seen, shown);
      });
    }
    say(`${readers} streams are open; ${changes} changes…`);
    const memory = (): number => (process.platform === "linux" ? sumOver(family(pidOf(bed, "web")), residentBytes) / 1e6 : Number.NaN);
    let most = memory();
    const others: number = list.items[0].status.containerStatuses.slice(1).reduce((sum: number, one: { restartCount: number }) => sum + one.restartCount, 0);
    for (let index = 0; index < changes; index++) {
      await wait(gapMs);
      sentAt.set(firstValue + index, Date.now());
      await kube.jsonPatch(`${pods}/${name}/status`, [{ op: "replace", path: "/status/containerStatuses/0/restartCount", value: firstValue + index - others }]);
      most = Math.max(most, memory());
    }
    const deadline = Date.now() + 10_000;
    while (times.length < readers * changes && Date.now() < deadline) await wait(20);
    if (ended > 0) throw new Error(`${ended} of ${readers} streams ended`);
    if (times.length < readers * changes) throw new Error(`${times.length} of ${readers * changes} events arrived within 10 s after the last change`);
    return {
      figures: [
        limited("p95", `API → each of ${readers} streams, p95`, percentile(times, 0.95), 300, "ms"),
        informing("p50", "p50", `${percentile(times, 0.5)} ms`),
        informing("p99", "p99", `${percentile(times, 0.99)} ms`),
        informing("longest", "longest", `${percentile(times, 1)} ms`),
        limited("memory", "Web (RSS), most", most, 256, "MB"),
      ],
      notes: [`${changes} patches of \`pods/status\`, ${gapMs} ms apart, each timed to its arrival at each of ${readers} streams, which are read by this process over plain HTTP with one person's session: the time to parse them 200 times is in it.`],
    };
  },
};
