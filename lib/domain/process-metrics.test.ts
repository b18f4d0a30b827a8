import { expect, test } from "vitest";
import { healthOfMetrics, processQuery } from "#lib/domain/process-metrics.ts";
import { healthOfProcess, supervisorStateOf } from "#lib/domain/supervisor-process.ts";
import { experience, testNow } from "#lib/domain/test-objects.ts";

const place = { environment: "prod", namespace: "dreamscape-prod" };
const node = { form: "node_supervisord_state" as const, podLabel: "pod", processLabel: "name" };
const info = { form: "supervisor_process_info" as const, podLabel: "pod", processLabel: "name" };
const sample = (labels: Record<string, string>, value: number) => ({ labels: { pod: "x1", name: "voyage", group: "voyage", ...labels }, value, at: testNow });

test("the query is the form's own in the environment's namespace, or the given one with its places filled in", () => {
  expect(processQuery(node, place)).toBe('node_supervisord_state{namespace="dreamscape-prod"}');
  expect(processQuery({ ...info, query: 'supervisor_process_info{env="$environment",ns="$namespace"}' }, place)).toBe('supervisor_process_info{env="prod",ns="dreamscape-prod"}');
});

test.each<[string, typeof node | typeof info, ReturnType<typeof sample>[], unknown]>([
  ["RUNNING by number", node, [sample({}, 20)], { status: "up", detail: null }],
  ["STARTING is not down, although up is 0", node, [sample({}, 10)], { status: "starting" }],
  ["FATAL by number, with its exit status", node, [sample({}, 200)], { status: "down", detail: "FATAL: exited with code 7" }],
  ["STOPPED", node, [sample({}, 0)], { status: "down", detail: "STOPPED: it was stopped by hand or never started" }],
  ["a number that is no state", node, [sample({}, 42)], { status: "unknown" }],
  ["NaN", node, [sample({}, Number.NaN)], { status: "unknown" }],
  ["RUNNING by label", info, [sample({ state: "RUNNING", exit_status: "0" }, 1)], { status: "up" }],
  ["FATAL by label; the value says only that it is not up", info, [sample({ state: "FATAL", exit_status: "7" }, 0)], { status: "down", detail: "FATAL: exited with code 7" }],
  ["STARTING by label, the same value", info, [sample({ state: "STARTING", exit_status: "0" }, 0)], { status: "starting" }],
  ["two states at once: an exporter that forgets nothing", info, [sample({ state: "FATAL" }, 0), sample({ state: "RUNNING" }, 1)], { status: "unknown", detail: "2 states at once: FATAL, RUNNING" }],
])("%s", (_name, metrics, samples, expected) => {
  expect(healthOfMetrics({ ...experience, metrics }, samples, new Map([["x1/voyage:voyage", 7]])).get("x1")?.services["voyage"]).toMatchObject(expected as object);
});

test("series of other processes and without a pod are nobody's", () => {
  expect(healthOfMetrics({ ...experience, metrics: node }, [sample({ name: "cron" }, 200), { ...sample({}, 200), labels: { name: "voyage" } }], new Map()).size).toBe(0);
});

test.each([
  ["RUNNING", 20, "up"], ["STARTING", 10, "starting"], ["BACKOFF", 30, "degraded"], ["STOPPING", 40, "degraded"], ["STOPPED", 0, "down"], ["EXITED", 100, "down"], ["FATAL", 200, "down"], ["UNKNOWN", 1000, "unknown"],
] as const)("supervisor's %s (%i) is %s", (name, number, status) => {
  expect(supervisorStateOf(name)).toBe(name);
  expect(supervisorStateOf(number)).toBe(name);
  expect(healthOfProcess({ state: name, exitStatus: 3, spawnError: null, lastLine: null }).status).toBe(status);
});

test("what could not even be started says so", () => {
  expect(healthOfProcess({ state: "FATAL", exitStatus: 0, spawnError: "can't find command '/usr/bin/nod'", lastLine: null }).detail).toBe("FATAL: can't find command '/usr/bin/nod'");
  expect(healthOfProcess({ state: "FATAL", exitStatus: 1, spawnError: "Exited too quickly (process log may have details)", lastLine: "Error: x" }).detail).toBe("FATAL: exited with code 1: Error: x");
});
