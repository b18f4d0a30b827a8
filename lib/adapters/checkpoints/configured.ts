import { resolve } from "node:path";
import { createBucketPlace } from "#lib/adapters/checkpoints/bucket.ts";
import { createFilePlace } from "#lib/adapters/checkpoints/file.ts";
import { createWebhookPlace } from "#lib/adapters/checkpoints/webhook.ts";
import type { CheckpointPlaceConfig } from "#lib/contracts/config-audit.ts";
import type { Config } from "#lib/contracts/config.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { checkpointPlaces } from "#lib/domain/checkpoint-places.ts";
import type { CheckpointPlace } from "#lib/ports/checkpoints.ts";

/** The places of the configuration. `folder` is where its relative paths start, `home` where the file lies when none is configured. Throws VigieError "invalid" for a secret that cannot be read. */
export function createConfiguredPlaces(config: Pick<Config, "audit" | "egress">, { folder, home, secretOf }: { folder: string; home: string; secretOf: (reference: string) => string }): CheckpointPlace[] {
  const { places, inHome } = checkpointPlaces(config);
  return places.map((place) => create(place, inHome ? home : folder, config.egress.allow, secretOf));
}

function create(place: CheckpointPlaceConfig, folder: string, allow: readonly string[], secretOf: (reference: string) => string): CheckpointPlace {
  const { name } = place;
  switch (place.kind) {
    case "file":
      return createFilePlace(name, resolve(folder, place.path));
    case "s3":
      return createBucketPlace({ ...place, allow, credentials: { accessKeyId: secretOf(place.accessKeyId), secretAccessKey: secretOf(place.secretAccessKey), region: place.region } });
    case "webhook":
      return createWebhookPlace({ name, url: place.url, secret: secretOf(place.secret), allow });
    default:
      return assertNever(place);
  }
}
