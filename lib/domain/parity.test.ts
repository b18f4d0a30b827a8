import { expect, test } from "vitest";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import { configurationKeys, parityGate } from "#lib/domain/parity.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

const now = new Date("2026-11-21T12:00:00Z");
const map = (name: string, ...keys: string[]) => ({ name, data: Object.fromEntries(keys.map((key) => [key, "a value nobody sees"])), binaryData: {} });
const sealed = (container: object, configMaps: SealedBigPod["configMaps"] = [], volumes: object[] = []): SealedBigPod => ({
  workload: { kind: "Deployment", name: "core", uid: "u" }, images: [], configMaps,
  template: { spec: { containers: [{ name: "app", ...container }], volumes } },
});
const facts = (name: string, recorded: SealedBigPod | null, settled = true): EnvironmentFacts => ({ name, release: { number: 1, contentHash: "h", settled }, recorded: new Map(recorded === null ? [] : [["core", recorded]]), states: new Map(), sources: [], workerSeenAt: now, now });
const judge = (source: SealedBigPod | null, target: SealedBigPod | null, settled = true) => parityGate(facts("staging", source), facts("prod", target, settled), ["core"]);

const env = (...names: string[]) => ({ env: names.map((name) => ({ name, value: "secret" })) });
test.each([
  ["the same", sealed(env("A", "B")), sealed(env("B", "A")), "pass", /prod has every key that staging has/],
  ["more in the target", sealed(env("A")), sealed(env("A", "B")), "pass", /every key/],
  ["a variable is missing", sealed(env("A", "FEATURE_X")), sealed(env("A")), "fail", /core in prod lacks what it has in staging: app: FEATURE_X$/],
  ["a key of a ConfigMap is missing", sealed({ envFrom: [{ configMapRef: { name: "c" } }] }, [map("c", "A", "B")]), sealed({ envFrom: [{ configMapRef: { name: "c" } }] }, [map("c", "A")]), "fail", /lacks .*: app: B$/],
  ["written out there, from a ConfigMap here", sealed(env("A")), sealed({ envFrom: [{ configMapRef: { name: "c" }, prefix: "" }] }, [map("c", "A")]), "pass", /every key/],
  ["a prefix counts", sealed({ envFrom: [{ configMapRef: { name: "c" }, prefix: "DB_" }] }, [map("c", "HOST")]), sealed(env("HOST")), "fail", /app: DB_HOST/],
  ["a Secret is missing", sealed({ envFrom: [{ secretRef: { name: "stripe" } }] }), sealed({}), "fail", /Secret stripe \(as environment of app\)/],
  ["a key of a Secret is missing", sealed({ env: [{ name: "K", valueFrom: { secretKeyRef: { name: "s", key: "new" } } }] }), sealed({ env: [{ name: "K", valueFrom: { secretKeyRef: { name: "s", key: "old" } } }] }), "fail", /Secret s: new/],
  ["optional ones do not count", sealed({ envFrom: [{ secretRef: { name: "stripe", optional: true } }], env: [{ name: "K", valueFrom: { secretKeyRef: { name: "s", key: "k", optional: true } } }] }), sealed({}), "pass", /every key/],
  ["a file of a mounted ConfigMap", sealed({ volumeMounts: [{ name: "v", mountPath: "/etc" }] }, [map("files", "nginx.conf")], [{ name: "v", configMap: { name: "files" } }]), sealed({ volumeMounts: [{ name: "v", mountPath: "/etc" }] }, [map("files")], [{ name: "v", configMap: { name: "files" } }]), "fail", /app: file nginx\.conf of ConfigMap files/],
  ["generated names are the same name", sealed({ volumeMounts: [{ name: "v" }] }, [map("files-7f9h2km4tg", "a")], [{ name: "v", configMap: { name: "files-7f9h2km4tg" } }]), sealed({ volumeMounts: [{ name: "v" }] }, [map("files-b5c6d4f2h8", "a")], [{ name: "v", configMap: { name: "files-b5c6d4f2h8" } }]), "pass", /every key/],
  ["the source is not recorded", null, sealed({}), "inconclusive", /core is configured with in staging is not recorded/],
  ["the target is not recorded", sealed({}), null, "inconclusive", /in prod is not recorded/],
] as const)("%s", (_, source, target, verdict, evidence) => {
  const gate = judge(source, target);
  expect(gate.verdict).toBe(verdict);
  expect(gate.evidence).toMatch(evidence);
  expect(JSON.stringify(gate)).not.toMatch(/secret|a value nobody sees/);
});

test("an unsettled target is not compared: its record may be of the past", () => expect(judge(sealed({}), sealed({}), false)).toMatchObject({ verdict: "inconclusive" }));
test("odd templates have no keys", () => expect([...configurationKeys({ template: { spec: { containers: ["x", null, { env: 3, envFrom: {} }] } }, configMaps: [] })]).toEqual([]));
