import { planSchema } from "#lib/contracts/operation.ts";
import type { Release, SealedImage } from "#lib/contracts/release.ts";
import type { Suspect } from "#lib/contracts/incident.ts";
import type { Change } from "#lib/contracts/state.ts";
import type { Database } from "#lib/db/client.ts";
import { readReleasesAt } from "#lib/db/repositories/history.ts";
import { readRelease } from "#lib/db/repositories/release.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { compareUrl, parseRepository } from "#lib/domain/source-repository.ts";
import type { ServiceContext } from "#lib/services/context.ts";

type SuspectedRelease = NonNullable<Suspect["release"]>;
const mostRepositories = 8;
const mostMessages = 30;
/** A rollout made by hand is recorded as a release once it has settled, which takes a while. */
const settlesWithinMs = 30 * 60_000;

interface Bringing {
  number: number;
  /** What ran before; null when that is not known. */
  before: number | null;
  by: string;
  /** Where else a record with these images is kept: a release that never settled has none of its own here. */
  from: string | null;
  /** Big Pods that were brought: the release may have more that was left alone. Null: all that differ. */
  bigPods: readonly string[] | null;
}

/** What came with a suspected rollout: images, and the commits between where the source can be asked. Null: it brought no release. */
export async function describeSuspectedRelease(context: ServiceContext, change: Change, bigPod: string | null, signal?: AbortSignal): Promise<SuspectedRelease | null> {
  if (change.kind !== "rollout" && change.kind !== "release") return null;
  const { db } = context;
  const bringing = change.operationId === null ? await byHand(db, change) : await byOperation(db, change);
  if (bringing === null) return null;
  const [before, after] = [bringing.before === null ? null : await readRelease(db, change.environment, bringing.before), await recordOf(db, change.environment, bringing)];
  const differing = after === null ? [] : movedImages(before, after, bigPod).filter((image) => bringing.bigPods?.includes(image.bigPod) ?? true);
  // Another release was recorded shortly after: it is not what this rollout brought.
  if (change.operationId === null && differing.length > 0 && !differing.some(({ to }) => to.tag !== null && change.summary.includes(to.tag))) return null;
  const moved = await Promise.all(differing.map(async (image) => ({ ...image, from: image.from === null ? null : await withRevision(context, image.from, signal), to: await withRevision(context, image.to, signal) })));
  return {
    number: bringing.number, by: bringing.by, operationId: change.operationId,
    images: moved.map(({ bigPod: name, container, from, to }) => ({ bigPod: name, container, from: from === null ? null : referenceOf(from), to: referenceOf(to) })),
    commits: await commitsOf(context, moved, signal),
  };
}

async function byOperation(db: Database, change: Change): Promise<Bringing | null> {
  const row = await db.operationRow.findUnique({ where: { id: change.operationId ?? "" }, select: { plan: true } });
  const plan = planSchema.pick({ release: true, currentRelease: true, from: true, changes: true }).safeParse(row?.plan).data;
  const touched = plan?.changes.filter((planned) => planned.effect !== "unchanged").map((planned) => planned.bigPod) ?? null;
  const number = change.release ?? plan?.release ?? null;
  return number === null ? null : { number, before: plan?.currentRelease ?? null, by: change.by, from: plan?.from ?? null, bigPods: touched };
}

async function byHand(db: Database, change: Change): Promise<Bringing | null> {
  const at = new Date(change.at);
  const after = await db.changeRow.findFirst({ where: { environment: change.environment, kind: "release", at: { gte: at, lte: new Date(at.getTime() + settlesWithinMs) } }, orderBy: { at: "asc" }, select: { release: true } });
  const number = change.release ?? after?.release ?? null;
  if (number === null) return null;
  const [ran] = await readReleasesAt(db, [change.environment], new Date(at.getTime() - 1));
  return { number, before: ran?.release ?? null, by: change.by, from: null, bigPods: change.bigPod === null ? null : [change.bigPod] };
}

async function recordOf(db: Database, environment: string, { number, from }: Bringing): Promise<Release | null> {
  return (await readRelease(db, environment, number)) ?? (from === null ? null : await readRelease(db, from, number));
}

interface MovedImage {
  bigPod: string;
  container: string;
  from: SealedImage | null;
  to: SealedImage;
}

/** Images whose digest is another one than before; those of the failing Big Pod first. */
function movedImages(before: Release | null, after: Release, failing: string | null): MovedImage[] {
  const moved = Object.entries(after.content.bigPods).flatMap(([bigPod, sealed]) =>
    sealed.images.flatMap((to): MovedImage[] => {
      const from = before?.content.bigPods[bigPod]?.images.find((image) => image.container === to.container) ?? null;
      return from?.digest === to.digest ? [] : [{ bigPod, container: to.container, from, to }];
    }),
  );
  return moved.toSorted((left, right) => Number(right.bigPod === failing) - Number(left.bigPod === failing));
}

/** A record is sealed with what the registry said then; where it said nothing, it is asked again. */
async function withRevision({ registry }: ServiceContext, image: SealedImage, signal: AbortSignal | undefined): Promise<SealedImage> {
  if (image.revision !== null) return image;
  try {
    const found = await registry.inspect({ repository: image.repository, digest: image.digest }, signal);
    return found === null ? image : { ...image, revision: found.revision, source: image.source ?? found.source };
  } catch (error) {
    if (isVigieError(error)) return image;
    throw error;
  }
}

function referenceOf({ repository, tag, digest }: SealedImage): string {
  return `${repository}${tag === null ? "" : `:${tag}`}@${digest}`;
}

async function commitsOf(context: ServiceContext, moved: readonly MovedImage[], signal: AbortSignal | undefined): Promise<SuspectedRelease["commits"]> {
  const found = new Map<string, { repository: string; from: string | null; to: string }>();
  for (const { bigPod, container, from, to } of moved) {
    const services = context.config.bigPods.find((candidate) => candidate.name === bigPod)?.services ?? [];
    const repository = to.source ?? services.find((service) => service.container === container || service.inContainer === container)?.repository ?? services[0]?.repository ?? null;
    if (repository === null || to.revision === null || found.size >= mostRepositories) continue;
    const revision = from?.revision ?? null;
    found.set(`${repository} ${revision} ${to.revision}`, { repository, from: revision, to: to.revision });
  }
  return Promise.all(
    [...found.values()].map(async (one) => {
      const place = parseRepository(one.repository);
      const base = { repository: place === null ? one.repository : `${place.owner}/${place.name}`, from: one.from, to: one.to, url: place === null ? null : compareUrl(place, one.from, one.to), messages: [] };
      const source = context.outside.source?.() ?? null;
      if (source === null || place === null || one.from === null) return base;
      try {
        const { commits, total } = await source.compare(place, one.from, one.to, signal);
        const left = total - Math.min(total, commits.length, mostMessages);
        return { ...base, messages: commits.slice(0, mostMessages).map((commit) => `${commit.title} (${commit.author})`), ...(left > 0 ? { trouble: `${left} older commits are left out.` } : {}) };
      } catch (error) {
        if (!isVigieError(error)) throw error;
        return { ...base, trouble: error.message };
      }
    }),
  );
}
