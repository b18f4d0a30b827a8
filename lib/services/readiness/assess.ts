import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { ReadinessRow } from "#lib/db/repositories/rollback-readiness.ts";
import { recordContent, recordFacts } from "#lib/db/repositories/rollback-readiness.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { imagesPresent, neededPlatforms } from "#lib/domain/gate-images.ts";
import type { ImageQuestion, Inspection } from "#lib/domain/gate-images.ts";
import { pinnedReference } from "#lib/domain/plan-facts.ts";
import { judgeConfigMaps, judgeIrreversible, judgeSecrets, oneSwitch, readiness, recordsBetween, returnRelease } from "#lib/domain/rollback-readiness.ts";
import type { Finding, RecordFacts } from "#lib/domain/rollback-readiness.ts";
import type { ServiceContext } from "#lib/services/context.ts";

type BigPods = Readonly<Record<string, SealedBigPod>>;

export interface AssessedReadiness extends ReadinessRow {
  /** Irreversible declarations in the way, for the gate `reversible`. */
  reversible: Finding;
  /** What the registry says of the images; `unsure`: it could not be asked. */
  images: Finding;
}

export interface AssessOptions {
  states: readonly BigPodState[];
  /** What the workloads that run now declare irreversible; records only know it from when they were made. */
  declared?: readonly { bigPod: string; text: string }[];
  signal?: AbortSignal;
}

/** One registry question takes this long at most; what is not answered by then is "could not be asked". */
const questionMs = 5_000;
const questionsAtOnce = 3;

/**
 * Whether a rollback of an environment would work now: to which release, whether its images are still there, its ConfigMaps kept, its Secrets in use, and
 * nothing irreversible in between. Reads the database and asks the registry; throws only when the database cannot be read.
 */
export async function assessReadiness(context: Pick<ServiceContext, "db" | "registry" | "clock">, environment: string, { states, declared = [], signal }: AssessOptions): Promise<AssessedReadiness> {
  const { db } = context;
  const { current, records, quarantined } = await recordFacts(db, environment);
  const target = current === null ? null : returnRelease(records, current, quarantined);
  if (current === null || target === null) {
    const nowhere: Finding = { verdict: "not-ready", sentence: "there is no release to go back to" };
    return { release: null, ...readiness(null, [], null), reversible: nowhere, images: nowhere };
  }
  const [wanted, now] = [await recordContent(db, environment, target.contentHash), await recordContent(db, environment, current)];
  const between = [];
  for (const record of recordsBetween(records, target, current)) between.push({ number: record.number, bigPods: record.contentHash === current ? now : await recordContent(db, environment, record.contentHash) });
  const healthy = states.filter((state) => state.status === "healthy").map((state) => now[state.bigPod]?.template).filter((template) => template !== undefined);
  const reversible = judgeIrreversible(wanted, between, declared);
  const images = await judgeImages(context, wanted, now, signal);
  const findings = [reversible, images, ...judgeConfigMaps(wanted, now), ...judgeSecrets(wanted, healthy)];
  return { release: target.number, ...readiness(target.number, findings, oneSwitch(wanted, now, states)), reversible, images };
}

/** Whether anything between a record and the current one was declared irreversible; from the records alone, without asking anybody. */
export async function assessReversible(db: ServiceContext["db"], environment: string, { records, current }: { records: readonly RecordFacts[]; current: string | null }, target: RecordFacts, declared: readonly { bigPod: string; text: string }[]): Promise<Finding> {
  const between = current === null ? [] : recordsBetween(records, target, current);
  const contents = [];
  for (const record of between) contents.push({ number: record.number, bigPods: await recordContent(db, environment, record.contentHash) });
  return judgeIrreversible(await recordContent(db, environment, target.contentHash), contents, declared);
}

/** The images by digest, for the architectures the nodes need; an image two containers share is asked for once. */
async function judgeImages({ registry, clock }: Pick<ServiceContext, "registry" | "clock">, wanted: BigPods, now: BigPods, signal: AbortSignal | undefined): Promise<Finding> {
  const answers = new Map<string, Promise<Inspection>>();
  const ask = limited(questionsAtOnce);
  const inspect = (repository: string, digest: string): Promise<Inspection> => {
    const key = `${repository}@${digest}`;
    const known = answers.get(key) ?? ask(async () => {
      const patience = AbortSignal.timeout(questionMs);
      try {
        const image = await registry.inspect({ repository, digest }, signal === undefined ? patience : AbortSignal.any([signal, patience]));
        return image === null ? { kind: "missing" } : { kind: "found", platforms: image.platforms };
      } catch (error) {
        if (patience.aborted) return { kind: "unasked", sentence: `no answer within ${questionMs / 1000} s` };
        if (isVigieError(error)) return { kind: "unasked", sentence: error.message };
        throw error;
      }
    });
    answers.set(key, known);
    return known;
  };
  const questions = Object.entries(wanted).flatMap(([bigPod, sealed]) =>
    sealed.images.map(async (image): Promise<ImageQuestion> => {
      const answer = await inspect(image.repository, image.digest);
      const fromTemplate = neededPlatforms(sealed.template, null);
      const running = now[bigPod]?.images.find((one) => one.container === image.container);
      const needed = fromTemplate.from !== "the default" || running === undefined ? fromTemplate : neededPlatforms(sealed.template, await inspect(running.repository, running.digest));
      return { bigPod, reference: pinnedReference(image), platforms: needed.platforms, platformsFrom: needed.from, answer };
    }),
  );
  const { verdict, evidence } = imagesPresent(await Promise.all(questions), clock.now());
  // "promote another release" is advice for another situation.
  const sentence = evidence.replaceAll(/: push it again, or promote another release/g, "");
  return verdict === "pass" ? { verdict: "ready", sentence: "" } : { verdict: verdict === "fail" ? "not-ready" : "unsure", sentence };
}

/** Runs at most `most` of the given at once, in order. */
function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => void waiting.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
