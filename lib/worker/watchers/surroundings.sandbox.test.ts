import { expect, test } from "vitest";
import type { SourceState } from "#lib/contracts/state.ts";
import { displayedState } from "#lib/domain/freshness.ts";
import { problems } from "#lib/domain/problems.ts";
import { openSentencesRig } from "#lib/worker/watchers/sentences-rig.test-support.ts";
import type { SentencesRig } from "#lib/worker/watchers/sentences-rig.test-support.ts";

/** What lies around the workloads, against the sandbox: few watches, and nothing grey without them. */

const sourceOf = (rig: SentencesRig, plural: string): SourceState | undefined => rig.view.sources().find((source) => source.key.endsWith(`/${plural}`));
const becomes = (rig: SentencesRig, plural: string, status: SourceState["status"]): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (sourceOf(rig, plural)?.status !== status) return;
      off();
      resolve();
    };
    const off = rig.view.onChange(look);
    look();
  });

test("each kind is watched once for its namespace, nodes once for all environments of the cluster, and only kinds that are needed", async () => {
  const asked: string[] = [];
  const rig = await openSentencesRig({
    speed: 8,
    wrap: (api) => ({ ...api, list: (kind, options, signal) => (asked.push(`${kind.plural} ${options.namespace ?? "everywhere"}`), api.list(kind, options, signal)) }),
  });
  try {
    const staging = rig.views.observe("staging");
    const again = rig.views.observe("prod");
    await new Promise<void>((resolve) => {
      const look = (): void => void (staging.states().length === 3 && staging.sources().every((source) => source.status === "live") && resolve());
      staging.onChange(look);
      look();
    });
    expect(asked.filter((what) => what.startsWith("nodes"))).toEqual(["nodes everywhere"]);
    for (const environment of ["prod", "staging"]) {
      const here = asked.filter((what) => what.endsWith(` dreamscape-${environment}`)).map((what) => what.split(" ")[0]);
      expect(here.toSorted()).toEqual(["certificates", "configmaps", "deployments", "events", "horizontalpodautoscalers", "ingresses", "pods", "replicasets", "services"]);
    }
    staging.close();
    again.close();
  } finally {
    await rig.stop();
  }
}, 240_000);

test("a kind that may not be read, or is not served, says so among the sources, and neither greys a tile nor is a problem", async () => {
  const rig = await openSentencesRig({ speed: 8, environment: "dev" });
  try {
    await rig.console("faults/api-server", { forbid: [{ resource: "nodes" }, { resource: "services" }, { resource: "horizontalpodautoscalers.autoscaling" }] });
    await rig.console("faults/drop-watches", {});
    await Promise.all(["nodes", "services", "horizontalpodautoscalers"].map((plural) => becomes(rig, plural, "forbidden")));
    expect(sourceOf(rig, "nodes")).toMatchObject({ required: false, dispensable: true, environment: null, reason: expect.stringMatching(/cannot (list|watch) resource "nodes"/) as string });
    const now = new Date();
    const shown = rig.view.states().map((state) => displayedState(state, rig.view.sources(), now.toISOString(), now));
    expect(shown.map((state) => [state.status, state.stale])).toEqual([["healthy", null], ["healthy", null], ["healthy", null]]);
    expect(problems(["dev"], shown, rig.view.sources(), [], now)).toEqual([]);
  } finally {
    await rig.stop();
  }
}, 240_000);
