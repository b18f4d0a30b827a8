import { expect, test } from "vitest";
import { bigPodConfigSchema } from "#lib/contracts/config.ts";
import { ClusterError, type ClusterApi } from "#lib/ports/cluster.ts";
import { askPod } from "#lib/worker/watchers/probe-pod.ts";

const monitored = { name: "experience", workload: { name: "experience" }, supervisor: { port: 9001 }, services: [{ name: "voyage", process: "voyage" }] };
const healthy = { status: 200, body: JSON.stringify({ status: "pass", checks: { "voyage:process": [{ status: "pass" }] } }) };

/** Asks one pod, where creating pods/proxy (what a POST to the supervisor takes) is forbidden. */
function forbidden(bigPod: object) {
  const asked: string[] = [];
  // askPod asks nothing of this port but podHttp.
  const api = {
    podHttp: (_namespace: string, _pod: string, port: number) => {
      asked.push(String(port));
      return port === 9001 ? Promise.reject(new ClusterError("forbidden", "cannot create pods/proxy", { status: 403 })) : Promise.resolve(healthy);
    },
  } as unknown as ClusterApi;
  const supervisorRest = { untilMs: 0 };
  const ask = () => askPod({ api, namespace: "prod", pod: { name: "experience-x1", uid: "u" }, bigPod: bigPodConfigSchema.parse(bigPod), tails: new Map(), supervisorRest, timeoutMs: 500, signal: new AbortController().signal });
  return { asked, supervisorRest, ask };
}

test("a supervisor that may not be asked is let rest, and every answer says so; the health endpoint is asked on", async () => {
  const { asked, supervisorRest, ask } = forbidden({ ...monitored, monitor: { port: 9000 } });
  for (let round = 0; round < 3; round += 1) {
    expect(await ask()).toMatchObject({ kind: "answer", services: { voyage: { status: "up", accounts: [{ source: "health", status: "up" }, { source: "supervisor", status: "unknown", detail: "the supervisor may not be asked: that takes the right to create pods/proxy" }] } } });
  }
  expect(asked.filter((port) => port === "9001")).toHaveLength(1);
  expect(asked.filter((port) => port === "9000")).toHaveLength(3);
  supervisorRest.untilMs = 0; // The rest is over.
  await ask();
  expect(asked.filter((port) => port === "9001")).toHaveLength(2);
});

test("where the supervisor is the only one to ask, its refusal is the answer each time", async () => {
  const { asked, ask } = forbidden(monitored);
  expect([(await ask()).kind, (await ask()).kind]).toEqual(["trouble", "trouble"]);
  expect(asked).toEqual(["9001", "9001"]);
});
