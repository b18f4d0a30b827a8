import type { CheckpointPlaceConfig } from "#lib/contracts/config-audit.ts";
import type { Config } from "#lib/contracts/config.ts";
import { assertNever } from "#lib/domain/assert-never.ts";

/** Where checkpoints go when the configuration names no place: a file in Vigie's own folder. */
export const homePlace = { kind: "file", name: "home", path: "audit-checkpoints.jsonl" } as const satisfies CheckpointPlaceConfig;

/** The places of the configuration. `inHome`: none was configured, so paths start in Vigie's own folder. */
export function checkpointPlaces({ audit }: Pick<Config, "audit">): { places: readonly CheckpointPlaceConfig[]; inHome: boolean } {
  const { places } = audit.checkpoints;
  return places.length === 0 ? { places: [homePlace], inHome: true } : { places, inHome: false };
}

/** What the log is called in its checkpoints. */
export function checkpointOrigin({ audit, platform }: Pick<Config, "audit" | "platform">): string {
  return audit.checkpoints.origin ?? `vigie/${platform.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "") || "log"}`;
}

/** For people: where it is, without secrets. */
export function describePlace(place: CheckpointPlaceConfig, inHome: boolean): string {
  switch (place.kind) {
    case "file":
      return inHome ? `${place.path} in Vigie's own folder` : place.path;
    case "s3":
      return `${place.bucket}/${place.prefix} at ${new URL(place.url).host}`;
    case "webhook":
      return new URL(place.url).host;
    default:
      return assertNever(place);
  }
}

/** Name of the object that holds a checkpoint: sorts by size and time, and is another one for every checkpoint. */
export function objectName(prefix: string, { origin, size, head, time }: { origin: string; size: number; head: string; time: string }): string {
  return `${prefix}${origin.replaceAll(/[^A-Za-z0-9._/-]/g, "_")}/${String(size).padStart(12, "0")}-${time.replaceAll(/[^0-9TZ]/g, "")}-${head.slice(0, 8)}.json`;
}
