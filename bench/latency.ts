import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { largeWorld, startBed } from "#bench/bed.ts";
import { openBrowser, signedIn } from "#bench/browser.ts";
import { hasKubectl, kubeClient, kubectlProgram } from "#bench/kubernetes.ts";
import { informing, limited } from "#bench/part.ts";
import type { Figure, Part, PartOptions, PartOutcome } from "#bench/part.ts";
import type { Scope } from "#bench/scope.ts";
import { percentile } from "#bench/statistics.ts";

const changes = 200;
const shortestGapMs = 120;
const longestGapMs = 400;
/** A number that stands nowhere else on the page; the sandbox's kubelet writes a status only when a container starts or stops. */
const firstValue = 100_000;
const pods = "/api/v1/namespaces/dreamscape-staging/pods";

/** Times until a change was seen. A change that was overtaken counts until the newer value, which is what people see. */
interface Seen {
  byValue: Map<number, number>;
  overtaken: number;
}

function observe(seen: Seen, sent: ReadonlyMap<number, number>, value: number, at: number): void {
  for (const [one, sentAt] of sent) {
    if (one > value || seen.byValue.has(one)) continue;
    seen.byValue.set(one, at - sentAt);
    if (one < value) seen.overtaken++;
  }
}

/** Calls `onValue` with the pod's restarts each time the page shows another number, with the moment the DOM was changed. */
async function watchPage(page: Page, pod: string, onValue: (value: number, at: number) => void): Promise<void> {
  await page.exposeFunction("benchSaw", onValue);
  await page.evaluate(
    ({ name, from }) => {
      let shown = from - 1;
      const look = (): void => {
        for (const cell of document.querySelectorAll(`tr[data-pod="${name}"] td`)) {
          const text = cell.textContent.trim();
          const value = /^\d+$/.test(text) ? Number(text) : 0;
          if (value <= shown) continue;
          shown = value;
          // Safe: exposed above.
          void (window as unknown as { benchSaw(value: number, at: number): Promise<void> }).benchSaw(value, Date.now());
        }
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    },
    { name: pod, from: firstValue },
  );
}

function figures(key: string, what: string, seen: Seen): Figure[] {
  const times = [...seen.byValue.values()];
  const at = (share: number): string => `${percentile(times, share)} ms`;
  return [informing(`${key}-p50`, `${what}, p50`, at(0.5)), informing(`${key}-p95`, `${what}, p95`, at(0.95)), informing(`${key}-p99`, `${what}, p99`, at(0.99)), informing(`${key}-max`, `${what}, longest`, at(1))];
}

/** Calls `onValue` with the restarts that `kubectl get -w` prints, as it prints them. */
function followKubectl(scope: Scope, kubeconfig: string, pod: string, onValue: (value: number) => void): void {
  const child = spawn(kubectlProgram, ["get", "pod", pod, "-n", "dreamscape-staging", "-w", "-o", 'jsonpath={.status.containerStatuses[0].restartCount}{"\\n"}'], { env: { ...process.env, KUBECONFIG: kubeconfig }, stdio: ["ignore", "pipe", "ignore"] });
  createInterface({ input: child.stdout }).on("line", (line) => onValue(Number(line)));
  child.on("error", () => undefined);
  scope.add(() => void child.kill());
}

/** From a pod's status patched through the Kubernetes API to the DOM of an open page, beside a plain watch and kubectl's of the same changes. */
async function measure(large: boolean, { scope, say }: PartOptions): Promise<PartOutcome> {
  const bed = await startBed(scope, say, { large });
  const browser = await openBrowser(scope, say);
  const kube = kubeClient(bed.sandbox.kubeconfig);
  const list = await kube.get(`${pods}?labelSelector=${encodeURIComponent("app.kubernetes.io/name=core")}`);
  const pod = list.items[0];
  const name: string = pod.metadata.name;
  const others: number = pod.status.containerStatuses.slice(1).reduce((sum: number, one: { restartCount: number }) => sum + one.restartCount, 0);

  const sent = new Map<number, number>();
  const onPage: Seen = { byValue: new Map(), overtaken: 0 };
  const onWatch: Seen = { byValue: new Map(), overtaken: 0 };
  const onKubectl: Seen = { byValue: new Map(), overtaken: 0 };
  const page = await (await signedIn(browser, bed.url)).newPage();
  await page.goto("/big-pods/staging/core");
  await page.locator(`tr[data-pod="${name}"]`).waitFor();
  await watchPage(page, name, (value, at) => observe(onPage, sent, value, at));
  kube.watch(scope, `${pods}?watch=true&resourceVersion=${list.metadata.resourceVersion}&fieldSelector=metadata.name%3D${name}`, (object) => {
    const at = Date.now();
    observe(onWatch, sent, object.status.containerStatuses[0].restartCount + others, at);
  });
  const withKubectl = await hasKubectl();
  if (withKubectl) {
    followKubectl(scope, bed.sandbox.kubeconfig, name, (value) => observe(onKubectl, sent, value + others, Date.now()));
    // Its first line is the present value; by then it watches.
    await wait(3_000);
  }
  say(`${changes} changes of ${name} in staging…`);
  for (let index = 0; index < changes; index++) {
    await wait(shortestGapMs + Math.random() * (longestGapMs - shortestGapMs));
    const value = firstValue + index;
    sent.set(value, Date.now());
    await kube.jsonPatch(`${pods}/${name}/status`, [{ op: "replace", path: "/status/containerStatuses/0/restartCount", value: value - others }]);
  }
  const deadline = Date.now() + 10_000;
  while (onPage.byValue.size < changes && Date.now() < deadline) await wait(20);
  if (onPage.byValue.size < changes || onWatch.byValue.size < changes) throw new Error(`of ${changes} changes the page showed ${onPage.byValue.size} and the plain watch ${onWatch.byValue.size} within 10 s after the last`);
  return {
    figures: [
      limited("p95", "API → DOM, p95", percentile([...onPage.byValue.values()], 0.95), 300, "ms"),
      ...figures("page", "API → DOM", onPage).filter(({ key }) => key !== "page-p95"),
      ...figures("watch", "API → plain watch in Node (the floor)", onWatch),
      ...(onKubectl.byValue.size > 0 ? figures("kubectl", "API → a line of kubectl get -w", onKubectl) : []),
    ],
    notes: [
      `${changes} patches of \`pods/status\` (restartCount) of one pod of Core in staging${large ? `, in a world of ${largeWorld.workloads} workloads and ${largeWorld.pods} pods` : ""}, random gaps of ${shortestGapMs} to ${longestGapMs} ms, sent whether or not the one before is shown yet. Timed from just before the request is sent to the moment a MutationObserver of the Big Pod's page sees that number; both clocks are this machine's.`,
      `Overtaken by the next change before they were shown (timed until the newer one was): ${onPage.overtaken} on the page, ${onWatch.overtaken} on the watch${withKubectl ? `, ${onKubectl.overtaken} at kubectl` : ""}.`,
    ],
  };
}

export const latency: Part = { name: "latency", title: "A change in the API to the DOM of an open page", run: (options) => measure(false, options) };
export const latencyLarge: Part = { name: "latency-large", title: "The same among 5,000 pods", run: (options) => measure(true, options) };
