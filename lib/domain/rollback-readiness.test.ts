import fc from "fast-check";
import { expect, test } from "vitest";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { judgeConfigMaps, judgeIrreversible, judgeSecrets, neededSecrets, oneSwitch, readiness, recordsBetween, releaseBefore, returnRelease } from "#lib/domain/rollback-readiness.ts";
import type { RecordFacts } from "#lib/domain/rollback-readiness.ts";

const day = (n: number): Date => new Date(Date.UTC(2026, 10, n));
/** One letter a record: seen on the day, healthy until the other (0: never). */
const record = (number: number, seen: number, healthy: number, images = `images-${number}`): RecordFacts => ({ number, contentHash: `c${number}`, imagesHash: images, seenAt: day(seen), healthyAt: healthy === 0 ? null : day(healthy) });
const none = new Set<string>();

test.each<[string, RecordFacts[], string, ReadonlySet<string>, number | null]>([
  ["the one that was healthy last before the current", [record(9, 1, 5), record(11, 5, 10), record(14, 10, 20)], "c14", none, 11],
  ["never one that was not healthy", [record(9, 1, 5), record(11, 5, 0), record(14, 10, 20)], "c14", none, 9],
  ["after a rollback it is an earlier one, not the one that was left", [record(9, 1, 5), record(11, 5, 20), record(14, 10, 12)], "c11", none, 9],
  ["promoted again after a rollback: the one that ran in between", [record(9, 1, 5), record(11, 5, 20), record(14, 10, 25)], "c14", none, 11],
  ["never what is in quarantine", [record(9, 1, 5), record(11, 5, 10), record(14, 10, 20)], "c14", new Set(["images-11"]), 9],
  ["the first release has no way back", [record(9, 1, 5)], "c9", none, null],
  ["all before it were broken", [record(9, 1, 0), record(11, 5, 10)], "c11", none, null],
  ["what runs is not recorded", [record(9, 1, 5)], "c14", none, null],
])("the release a rollback goes to: %s", (_name, records, current, quarantined, expected) => {
  expect(returnRelease(records, current, quarantined)?.number ?? null).toBe(expected);
});

const anyRecords = fc.uniqueArray(fc.record({ number: fc.integer({ min: 1, max: 20 }), seen: fc.integer({ min: 1, max: 28 }), healthy: fc.integer({ min: 0, max: 28 }) }), { selector: (one) => one.number, maxLength: 8 }).map((all) => all.map((one) => record(one.number, one.seen, one.healthy)));

test("property: it was healthy, was there before the current one, is another one, and is not in quarantine", () => {
  fc.assert(
    fc.property(anyRecords, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (records, current, quarantined) => {
      const found = returnRelease(records, `c${current}`, new Set([`images-${quarantined}`]));
      const now = records.find((one) => one.number === current);
      return found === null || (now !== undefined && found.healthyAt !== null && found.seenAt < now.seenAt && found.number !== current && found.number !== quarantined);
    }),
  );
});

test.each<[string, Partial<Parameters<typeof releaseBefore>[1]>, number | null]>([
  ["the one that ran before", { ranBefore: 11 }, 11],
  ["the one that ran before was never healthy: the last healthy one", { ranBefore: 12 }, 11],
  ["not what it brought, though it was there before", { ranBefore: null, broughtImages: "images-11", current: "c11" }, 9],
  ["nothing was recorded since, so the current record is what ran before", { ranBefore: 11, current: "c11" }, 11],
  ["not what is in quarantine", { ranBefore: 11, quarantined: new Set(["images-11"]) }, 9],
  ["nothing was there before", { promotedFrom: day(1) }, null],
])("back from a promotion: %s", (_name, change, expected) => {
  const records = [record(9, 1, 5), record(11, 5, 10), record(12, 10, 0), record(14, 21, 22)];
  expect(releaseBefore(records, { promotedFrom: day(20), ranBefore: 12, broughtImages: "images-14", current: "c14", quarantined: none, ...change })?.number ?? null).toBe(expected);
});

const sealed = (change: Partial<SealedBigPod> = {}): SealedBigPod => ({
  workload: { kind: "Deployment", name: "core", uid: "u" }, images: [{ container: "app", repository: "r", tag: "v1", digest: `sha256:${"a".repeat(64)}`, revision: null, source: null }], template: {}, configMaps: [], ...change,
});
const says = (text: string): SealedBigPod => sealed({ template: { metadata: { labels: { "vigie.dev/irreversible": text } } } });

test("irreversible: any release in between counts, also what only runs now; what the target itself says does not; false is no", () => {
  const between = (bigPod: SealedBigPod) => [{ number: 213, bigPods: { core: bigPod } }, { number: 214, bigPods: { core: sealed() } }];
  expect(judgeIrreversible({ core: sealed() }, between(says("orders-are-split")))).toEqual({ verdict: "not-ready", sentence: "core of R-213 cannot be undone (vigie.dev/irreversible): orders-are-split" });
  expect(judgeIrreversible({ core: sealed() }, between(sealed({ irreversible: "drops the column total" }))).sentence).toContain("drops the column total");
  expect(judgeIrreversible({ core: sealed() }, between(says("true"))).sentence).toContain("it is declared irreversible");
  expect(judgeIrreversible({ core: says("orders-are-split") }, between(says("orders-are-split"))).verdict).toBe("ready");
  expect(judgeIrreversible({ core: sealed() }, between(says("false"))).verdict).toBe("ready");
  expect(judgeIrreversible({ core: sealed() }, [], [{ bigPod: "core", text: "now" }]).sentence).toBe("core of what runs now cannot be undone (vigie.dev/irreversible): now");
  const records = [record(9, 1, 5), record(11, 5, 10), record(12, 8, 9), record(14, 10, 20), record(15, 21, 22)];
  expect(recordsBetween(records, record(9, 1, 5), "c14").map((one) => one.number)).toEqual([11, 12, 14]);
});

test("ConfigMaps: too large to keep is told unless it is the same today; one that was not there leaves doubt; optional ones do not", () => {
  const large = (hash: string): SealedBigPod => sealed({ tooLarge: [{ name: "tiles", bytes: 1_300_000, hash }] });
  expect(judgeConfigMaps({ core: large("x") }, { core: large("y") })).toEqual([{ verdict: "not-ready", sentence: "ConfigMap tiles of core was too large to keep (1270 KiB; a release keeps 1 MiB a Big Pod) and has changed since: it would stay as it is today" }]);
  expect(judgeConfigMaps({ core: large("x") }, { core: large("x") })).toEqual([]);
  const reads = (optional: boolean) => sealed({ template: { spec: { containers: [{ name: "a", envFrom: [{ configMapRef: { name: "core-config", optional } }] }] } } });
  expect(judgeConfigMaps({ core: reads(false) }, {})).toEqual([{ verdict: "unsure", sentence: "ConfigMap core-config, which core reads, was not there when the release was recorded" }]);
  expect(judgeConfigMaps({ core: reads(true) }, {})).toEqual([]);
});

const withSecrets = (spec: Record<string, unknown>): Record<string, unknown> => ({ spec });

test("Secrets: where a template needs them, and what is known of them", () => {
  const template = withSecrets({
    imagePullSecrets: [{ name: "pull" }],
    initContainers: [{ name: "i", envFrom: [{ secretRef: { name: "init" } }] }],
    containers: [{ name: "a", env: [{ name: "K", valueFrom: { secretKeyRef: { name: "db", key: "url" } } }, { name: "O", valueFrom: { secretKeyRef: { name: "maybe", key: "x", optional: true } } }] }],
    volumes: [{ name: "v", secret: { secretName: "tls" } }, { name: "p", projected: { sources: [{ secret: { name: "projected" } }] } }],
  });
  expect(neededSecrets(template).map((use) => [use.name, use.key])).toEqual([["init", null], ["db", "url"], ["tls", null], ["projected", null], ["pull", null]]);
  const core = { core: sealed({ template }) };
  expect(judgeSecrets(core, [template])).toEqual([]);
  expect(judgeSecrets(core, [withSecrets({ ...(template["spec"] as object), containers: [{ name: "a", env: [{ name: "K", valueFrom: { secretKeyRef: { name: "db", key: "other" } } }] }] })])).toEqual([
    { verdict: "unsure", sentence: "whether the Secret db still has the key url is not known: core needs it, nothing healthy uses it now, and Vigie may not read Secrets" },
  ]);
  expect(judgeSecrets(core, []).map((finding) => finding.verdict)).toEqual(["unsure", "unsure", "unsure", "unsure", "unsure"]);
  // Who reads a whole Secret starts without this key too: it proves nothing of it.
  expect(judgeSecrets({ core: sealed({ template: withSecrets({ containers: [{ name: "a", env: [{ name: "K", valueFrom: { secretKeyRef: { name: "db", key: "url" } } }] }] }) }) }, [withSecrets({ containers: [{ name: "a", envFrom: [{ secretRef: { name: "db" } }] }] })]).map((finding) => finding.verdict)).toEqual(["unsure"]);
});

test("one switch, while the kept colour of every Big Pod that differs stands ready", () => {
  const [now, before] = [sealed({ images: [{ container: "app", repository: "r", tag: "v2", digest: `sha256:${"b".repeat(64)}`, revision: null, source: null }] }), sealed()];
  const state = (standby: Partial<NonNullable<BigPodState["colour"]>["standby"]>): BigPodState => ({ bigPod: "core", colour: { active: "blue", standby: { workload: "core-green", replicas: 2, ready: 2, version: "v1", until: "2026-11-21T14:00:00.000Z", ...standby } } }) as BigPodState; // all that this rule reads
  expect(oneSwitch({ core: before }, { core: now }, [state({})])).toEqual({ until: "2026-11-21T14:00:00.000Z" });
  expect(oneSwitch({ core: before }, { core: now }, [state({ ready: 1 })])).toBeNull();
  expect(oneSwitch({ core: before }, { core: now }, [state({ version: "v0" })])).toBeNull();
  expect(oneSwitch({ core: before }, { core: now }, [])).toBeNull();
  expect(oneSwitch({ core: before }, { core: before }, [state({})])).toBeNull();
});

test("one answer out of all: the worst, with its sentences", () => {
  const unsure = { verdict: "unsure" as const, sentence: "whether the Secret db is there is not known" };
  const gone = { verdict: "not-ready" as const, sentence: "the image is gone." };
  expect(readiness(null, [], null)).toEqual({ verdict: "not-ready", sentence: "There is no way back: no earlier release was seen healthy here." });
  expect(readiness(211, [], null)).toEqual({ verdict: "ready", sentence: "Ready to roll back to R-211." });
  expect(readiness(211, [], { until: null }).sentence).toBe("Ready to roll back to R-211 by one switch.");
  expect(readiness(211, [unsure], null)).toEqual({ verdict: "unsure", sentence: "A rollback to R-211 may not work: whether the Secret db is there is not known." });
  expect(readiness(211, [unsure, gone, gone], null)).toEqual({ verdict: "not-ready", sentence: "Not ready to roll back to R-211: the image is gone." });
});
