import type { PlanChange, PlanTarget } from "#lib/contracts/operation.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import { listed } from "#lib/domain/gate.ts";
import { imageChange, planTarget, pods, settledRecord, unchanged } from "#lib/domain/plan-draft.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import { digestOf, pinnedReference } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";
import { configMapChanges, sameTemplate, templateChanges } from "#lib/domain/template-diff.ts";

export interface RecordedRelease {
  number: number;
  contentHash: string;
  bigPods: ReadonlyMap<string, SealedBigPod>;
}

/**
 * A rollback: each chosen Big Pod that differs from the record gets its template and ConfigMaps back, whole. Needs no registry and no Git.
 * While the environment is settled, what differs is known from the two records. While it is not (something is broken or rolling),
 * every chosen Big Pod is a target; the executor compares each with the cluster and leaves alone what is already so.
 */
export function draftRollback(target: EnvironmentFacts, record: RecordedRelease, chosen: readonly string[], all: readonly string[]): PlanDraft {
  const changes: PlanChange[] = [];
  const targets: PlanTarget[] = [];
  for (const bigPod of chosen) {
    const [state, wanted] = [target.states.get(bigPod), record.bigPods.get(bigPod)];
    if (wanted === undefined || state === undefined || state.workload === null) {
      changes.push(unchanged(bigPod, wanted === undefined ? `not part of R-${record.number}` : `not known in ${target.name}`));
      continue;
    }
    const settled = settledRecord(target, bigPod);
    const change = restoreChange(bigPod, state, wanted, settled ?? target.recorded.get(bigPod), settled !== undefined, record.number);
    const same = settled !== undefined && sameTemplate(settled.template, wanted.template) && change.config.length === 0 && change.images.length === 0;
    if (same) {
      changes.push(unchanged(bigPod, `not touched: it is as in R-${record.number}`));
      continue;
    }
    const restart = settled !== undefined && change.config.length > 0 && sameTemplate(settled.template, wanted.template);
    changes.push(change);
    targets.push(planTarget(bigPod, state, state.workload, settled, { effect: "restore", template: wanted.template, configMaps: wanted.configMaps, restart }));
  }
  const broken = [...target.states.values()].filter((state) => state.status === "broken").map((state) => state.cause ?? `${state.bigPod} is broken`);
  const whole = chosen.length === all.length;
  return {
    title: `Roll back ${whole ? target.name : `${listed(chosen)} in ${target.name}`} to R-${record.number}`,
    from: null,
    release: record.number,
    changes,
    targets,
    suggestedReason: broken[0] ?? `Back to R-${record.number}, which was known to work`,
    notUndone: [
      "Data that was written since, and migrations that ran, stay as they are.",
      "Calls to third parties (payments, mails) are not taken back.",
      "Secrets and replica counts are not part of a release record: they stay as they are.",
      "ConfigMaps made since are kept; those of the record get their contents back.",
    ],
  };
}

function restoreChange(bigPod: string, state: BigPodState, wanted: SealedBigPod, known: SealedBigPod | undefined, settled: boolean, release: number): PlanChange {
  const images = wanted.images.flatMap((image) => {
    const now = state.images.find((candidate) => candidate.container === image.container);
    return now !== undefined && digestOf(now) === image.digest ? [] : [imageChange(now, { container: image.container, reference: pinnedReference(image), tag: image.tag })];
  });
  const config = known === undefined ? [] : configMapChanges(known.configMaps, wanted.configMaps);
  const template = known === undefined ? [] : templateChanges(known.template, wanted.template);
  const how = settled
    ? `template and ConfigMaps of R-${release} are restored; rolling update of ${pods(state.replicas.desired)}`
    : `compared with the cluster when it starts: restored to R-${release} where it differs, left alone where it does not`;
  return { bigPod, effect: "restore", images, config, template, replicas: null, how };
}
