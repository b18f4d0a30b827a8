import type { Actor } from "#lib/contracts/actor.ts";
import type { CheckpointsState } from "#lib/contracts/checkpoint.ts";
import { databaseNow } from "#lib/db/client.ts";
import { auditHead } from "#lib/db/repositories/audit.ts";
import { knownKeys, newestCheckpoint, placeStates, standingRefusal } from "#lib/db/repositories/checkpoint.ts";
import type { PlaceState } from "#lib/db/repositories/checkpoint.ts";
import { lateness } from "#lib/domain/checkpoint-due.ts";
import { checkpointOrigin, checkpointPlaces, describePlace } from "#lib/domain/checkpoint-places.ts";
import { authorise } from "#lib/services/authorise.ts";
import type { ServiceContext } from "#lib/services/context.ts";

/** A place may be away for a moment without anybody being told. */
const undeliveredGraceMs = 60_000;

/** How the checkpoints of the log stand: the newest, the public keys, where they are kept, and what is wrong, worst first. Throws VigieError "denied". */
export async function readCheckpoints(context: ServiceContext, actor: Actor): Promise<CheckpointsState> {
  await authorise(context, actor, "audit.read", null, "read the audit log");
  const { db, config } = context;
  const [newest, head, refusal, keys, states, now] = await Promise.all([newestCheckpoint(db), auditHead(db), standingRefusal(db), knownKeys(db), placeStates(db), databaseNow(db)]);
  const { places, inHome } = checkpointPlaces(config);
  const size = head?.sequence ?? 0;
  const late = lateness(newest?.checkpoint ?? null, size, now, config.audit.checkpoints);
  const waiting = states.filter(({ place }) => places.some(({ name }) => name === place)).flatMap((state) => undelivered(state, now));
  return {
    origin: checkpointOrigin(config),
    everyMinutes: config.audit.checkpoints.everyMinutes,
    everyEntries: config.audit.checkpoints.everyEntries,
    warnings: [
      ...(refusal === null ? [] : [{ kind: "refused" as const, sentence: `No checkpoint is signed since ${refusal.since.toISOString()}. ${refusal.sentence} Verify the log, and compare it with the checkpoints outside.` }]),
      ...(late === null || refusal !== null ? [] : [{ kind: newest === null ? ("none" as const) : ("late" as const), sentence: late }]),
      ...waiting,
    ],
    newest: newest === null ? null : { checkpoint: newest.checkpoint, key: newest.key, signature: newest.signature, ageSeconds: Math.max(0, (now.getTime() - Date.parse(newest.checkpoint.time)) / 1_000) },
    uncovered: Math.max(0, size - (newest?.checkpoint.size ?? 0)),
    keys: keys.map(({ id, publicKey, since }) => ({ id, publicKey, since: since.toISOString() })),
    places: places.map((place) => {
      const state = states.find((one) => one.place === place.name);
      return { name: place.name, kind: place.kind, place: describePlace(place, inHome), deliveredSize: state?.deliveredSize ?? null, deliveredAt: state?.deliveredAt?.toISOString() ?? null, waiting: state?.waiting ?? 0, error: state?.error ?? null };
    }),
  };
}

function undelivered({ place, waiting, waitingSince, error }: PlaceState, now: Date): { kind: "undelivered"; sentence: string }[] {
  if (waitingSince === null || now.getTime() - waitingSince.getTime() < undeliveredGraceMs) return [];
  return [{ kind: "undelivered", sentence: `${waiting} checkpoint${waiting === 1 ? " has" : "s have"} not reached ${place} since ${waitingSince.toISOString()}${error === null ? "." : `: ${error}`}` }];
}
