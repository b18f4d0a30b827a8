import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Config } from "#lib/contracts/config.ts";
import type { MetricsApi, MetricSample } from "#lib/ports/metrics.ts";
import { openSentencesRig } from "#lib/worker/watchers/sentences-rig.test-support.ts";
import type { SentencesRig } from "#lib/worker/watchers/sentences-rig.test-support.ts";
import { askSupervisor } from "#lib/worker/watchers/supervisor.ts";

/** Processes inside a pod against the sandbox: which source tells what, and how soon. */

async function withRig(options: Parameters<typeof openSentencesRig>[0], run: (rig: SentencesRig) => Promise<void>): Promise<void> {
  const rig = await openSentencesRig(options);
  try {
    await run(rig);
  } finally {
    await rig.stop();
  }
}

const experienceOf = (config: Config) => config.bigPods.find((bigPod) => bigPod.name === "experience");
const crash = (rig: SentencesRig) => rig.console("faults/crash", { environment: rig.environment, bigPod: "experience", process: "voyage", lasting: true });
const heal = (rig: SentencesRig) => rig.console("faults/heal", { environment: rig.environment, bigPod: "experience", process: "voyage" });

/** When the supervisor in any of the Big Pod's pods says FATAL, asked every 25 ms (performance.now()). */
async function momentOfFatal(rig: SentencesRig): Promise<number> {
  const pods = rig.state("experience")?.pods ?? [];
  for (;;) {
    for (const pod of pods) {
      const answer = await askSupervisor(rig.api, rig.namespace, pod, { port: 9001, path: "/RPC2" }, new Map(), 2_000, new AbortController().signal);
      if (answer.kind === "answer" && answer.processes.get("voyage")?.detail?.startsWith("FATAL")) return performance.now();
    }
    await wait(25);
  }
}

test("a process given up in a ready pod makes the Big Pod red within 4 s, by polling", () =>
  withRig({ speed: 1 }, async (rig) => {
    const delaysMs: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const red = rig.until("experience is red", "experience", (state) => state.status === "broken").then((state) => ({ state, at: performance.now() }));
      const [fatalAt] = await Promise.all([momentOfFatal(rig), crash(rig)]);
      const { state, at } = await red;
      delaysMs.push(Math.max(0, at - fatalAt));
      expect(state.cause).toMatch(/^voyage in experience-\S+( \(and 1 more pod\))? is FATAL: exited with code 1/);
      expect(state.pods.every((pod) => pod.ready)).toBe(true);
      await heal(rig);
      await rig.settled("experience");
    }
    if (process.env["VIGIE_TIMES"] !== undefined) process.stdout.write(`from FATAL to red, ms: ${delaysMs.map((ms) => Math.round(ms)).join(", ")}\n`);
    expect(Math.max(...delaysMs)).toBeLessThan(4_000);
  }), 240_000);

test("the supervisor alone tells as much: state, exit status, last line of the log", () =>
  withRig({ speed: 8, change: (config) => void delete experienceOf(config)?.monitor }, async (rig) => {
    const experience = experienceOf(rig.config);
    for (const service of experience?.services ?? []) delete service.healthPath;
    await crash(rig);
    const state = await rig.until("voyage is told", "experience", (now) => now.status === "broken" && now.cause?.includes("FATAL") === true);
    expect(state.cause).toMatch(/^voyage in experience-\S+( \(and 1 more pod\))? is FATAL: exited with code 1: Error: connect ECONNREFUSED 10\.0\.0\.21:5432 \(postgres\)$/);
    expect(state.services.find((service) => service.name === "ai")?.status).toBe("up");
    await heal(rig);
    await rig.until("voyage is up again", "experience", (now) => now.status === "healthy");
  }), 60_000);

test("where Prometheus contradicts the pod's own answer, the worse counts and both are shown; what it saw before a change is past", async () => {
  let samples: MetricSample[] = [];
  const refuse = () => Promise.reject(new Error("not part of this test"));
  const metrics: MetricsApi = {
    instant: async (query) => ({ samples: query.startsWith("timestamp(") ? samples.map((sample) => ({ ...sample, value: sample.at.getTime() / 1000 })) : query.includes("exit_status") ? samples.map((sample) => ({ ...sample, value: 3 })) : samples, warnings: [] }),
    range: refuse,
    alerts: refuse,
  };
  await withRig({ speed: 8, metricsOf: (environment) => (environment === "prod" ? metrics : null) }, async (rig) => {
    const pod = rig.state("experience")?.pods[0]?.name ?? "";
    const sample = (value: number, at = new Date()): MetricSample => ({ labels: { pod, name: "voyage", group: "voyage", namespace: rig.namespace }, value, at });
    samples = [sample(200)];
    const state = await rig.until("the contradiction is told", "experience", (now) => now.status === "broken");
    expect(state).toMatchObject({ causeKind: "process", cause: `voyage in ${pod} is FATAL: exited with code 3` });
    expect(state.evidence.map((one) => [one.kind, one.text])).toEqual(expect.arrayContaining([["metric", "voyage: Prometheus says down, FATAL: exited with code 3"], ["probe", "voyage: its supervisor says up"], ["probe", "voyage: its health endpoint says up"]]));
    expect(rig.view.sources().find((source) => source.key === "metrics/prod")).toMatchObject({ status: "live", required: false });
    samples = [sample(200, new Date(Date.now() - 60_000))];
    await rig.until("what is past contradicts nobody", "experience", (now) => now.status === "healthy");
  });
}, 240_000);
