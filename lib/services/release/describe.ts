import type { z } from "zod";
import type { Actor } from "#lib/contracts/actor.ts";
import type { releaseResponseSchema } from "#lib/contracts/api.ts";
import type { ServiceContext } from "#lib/services/context.ts";
import { summaryOf } from "#lib/services/release/list.ts";
import { readRelease } from "#lib/services/release/read.ts";

/** One release for people and programs: images and names, no template and no value of a ConfigMap. Throws as readRelease does. */
export async function describeRelease(context: ServiceContext, actor: Actor, environment: string, number: string): Promise<z.infer<typeof releaseResponseSchema>> {
  const release = await readRelease(context, actor, environment, /^\d{1,9}$/.test(number) ? Number(number) : number);
  const current = await context.db.environmentRelease.findUnique({ where: { environment }, select: { contentHash: true } });
  const configMaps = Object.entries(release.content.bigPods).flatMap(([bigPod, sealed]) => sealed.configMaps.map((map) => ({ bigPod, name: map.name, keys: [...Object.keys(map.data), ...Object.keys(map.binaryData)].sort() })));
  return { ...summaryOf(release, current?.contentHash ?? null), configMaps };
}
