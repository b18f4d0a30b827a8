import type { PlanChange, PlanTarget } from "#lib/contracts/operation.ts";
import { listed } from "#lib/domain/gate.ts";
import { imageChange, planTarget, pods, settledRecord, unchanged, versionStep } from "#lib/domain/plan-draft.ts";
import type { PlanDraft } from "#lib/domain/plan-draft.ts";
import { digestOf, pinnedReference } from "#lib/domain/plan-facts.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

/**
 * A promotion: each chosen Big Pod whose images differ by digest gets the images that ran in the source, container by container,
 * in the given order. Those that run the same digests are listed as unchanged and never touched.
 */
export function draftPromotion(source: EnvironmentFacts, target: EnvironmentFacts, chosen: readonly string[], all: readonly string[]): PlanDraft {
  const changes: PlanChange[] = [];
  const targets: PlanTarget[] = [];
  for (const bigPod of chosen) {
    const [there, here] = [source.states.get(bigPod), target.states.get(bigPod)];
    if (there === undefined || here === undefined || here.workload === null) {
      changes.push(unchanged(bigPod, `not known in ${there === undefined ? source.name : target.name}`));
      continue;
    }
    const images: PlanChange["images"] = [];
    const write: Record<string, string> = {};
    for (const image of there.images) {
      const now = here.images.find((candidate) => candidate.container === image.container);
      const digest = digestOf(image);
      if (now === undefined || digest === null || digestOf(now) === digest) continue;
      const reference = pinnedReference({ ...image, digest });
      write[image.container] = reference;
      images.push(imageChange(now, { container: image.container, reference, tag: image.tag }));
    }
    if (images.length === 0) {
      changes.push(unchanged(bigPod, `not touched: ${target.name} runs the same images`));
      continue;
    }
    changes.push({ bigPod, effect: "images", images, config: [], template: [], replicas: null, how: `rolling update of ${pods(here.replicas.desired)}; returns by itself if it fails` });
    targets.push(planTarget(bigPod, here, here.workload, settledRecord(target, bigPod), { effect: "images", images: write }));
  }
  const release = source.release?.settled === true ? source.release.number : null;
  const what = release === null ? `what ${source.name} runs` : `R-${release}`;
  const whole = chosen.length === all.length;
  return {
    title: whole ? `Promote ${what} to ${target.name}` : `Promote ${listed(chosen)} of ${what} to ${target.name}`,
    from: source.name,
    release,
    changes,
    targets,
    suggestedReason: targets.length === 0 ? `Bring ${what} to ${target.name}` : `Release ${listed(changes.filter((change) => change.effect !== "unchanged").map(versionStep))} to ${target.name}`,
    notUndone: [
      "Data that the new version writes, and migrations it runs, stay when images go back.",
      "Calls to third parties (payments, mails) are not taken back.",
      "ConfigMaps, Secrets and replica counts are not part of a promotion: they stay as they are.",
    ],
  };
}
