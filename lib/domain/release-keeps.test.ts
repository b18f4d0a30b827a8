import { expect, test } from "vitest";
import { releaseContentSchema } from "#lib/contracts/release.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { contentHash, declaredIrreversible, keptConfigMapBytes, normaliseTemplate, sealBigPod } from "#lib/domain/release.ts";

const state = { bigPod: "core", images: [] } as unknown as BigPodState; // all that sealing reads
function seal(maps: Record<string, string>, metadata: Partial<RawObject["metadata"]> = {}, templateMetadata: Record<string, unknown> = {}): SealedBigPod {
  const template = { metadata: templateMetadata, spec: { containers: [{ name: "a", envFrom: Object.keys(maps).map((name) => ({ configMapRef: { name } })) }] } };
  const workload: RawObject = { metadata: { name: "core", uid: "u", ...metadata }, spec: { template } };
  return sealBigPod(workload, state, (name) => ({ metadata: { name, uid: name }, data: { text: maps[name] ?? "" } }));
}
const hash = (sealed: SealedBigPod): string => contentHash(releaseContentSchema.parse({ environment: "prod", bigPods: { core: sealed } }));

test("ConfigMaps are kept up to the limit together, the smaller ones first; what does not fit is known by size and hash", () => {
  const half = "x".repeat(keptConfigMapBytes / 2 + 100);
  const sealed = seal({ "a-large": `${half}y`, "b-small": "info", "c-half": half });
  expect(sealed.configMaps.map((map) => map.name)).toEqual(["b-small", "c-half"]);
  expect(sealed.tooLarge).toEqual([{ name: "a-large", bytes: expect.any(Number), hash: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  expect(seal({ "b-small": "info" })).not.toHaveProperty("tooLarge");
});

test("a ConfigMap that is not kept makes another release all the same when it changes", () => {
  const large = "x".repeat(keptConfigMapBytes);
  expect(hash(seal({ a: large }))).toBe(hash(seal({ a: large })));
  expect(hash(seal({ a: `${large}y` }))).not.toBe(hash(seal({ a: `${large}z` })));
});

test("what a release says of itself is kept with it, from its pod template or its workload", () => {
  const says = { "vigie.dev/irreversible": "splits orders" };
  expect(seal({}, {}, { annotations: says }).irreversible).toBe("splits orders");
  expect(seal({}, { labels: says }).irreversible).toBe("splits orders");
  expect(seal({})).not.toHaveProperty("irreversible");
  // It stays in the template, where operations' marks do not.
  expect(normaliseTemplate({ metadata: { annotations: { ...says, "vigie.dev/operation": "op" } } })).toMatchObject({ metadata: { annotations: says } });
  expect(hash(seal({}, {}, { annotations: says }))).not.toBe(hash(seal({})));
  expect(["", "true", "false", "x".repeat(300)].map((text) => declaredIrreversible({ labels: { "vigie.dev/irreversible": text } })?.length ?? null)).toEqual([27, 27, null, 200]);
});
