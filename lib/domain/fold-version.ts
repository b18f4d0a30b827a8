import type { BigPodConfig } from "#lib/contracts/config.ts";
import type { RunningImage } from "#lib/contracts/state.ts";
import { digestOfImageId, imageVersion, parseImage } from "#lib/domain/fold-image.ts";
import { containerStatuses, desiredReplicas, templateContainers, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { containerOfService } from "#lib/domain/fold-services.ts";

/**
 * The images of a workload's template, with the digest that its current pods ran. `null` while no pod tells, or when pods disagree (a tag that moved
 * between two pulls; `mixed` names those containers). Scaled to 0, the digest last seen under the same reference is kept.
 */
export function runningImages(deployment: RawObject, currentPods: readonly RawObject[], previous: readonly RunningImage[]): { images: RunningImage[]; mixed: string[] } {
  const mixed: string[] = [];
  const images = templateContainers(deployment).map((container) => {
    const name = text(container["name"]) ?? "";
    const reference = text(container["image"]) ?? "";
    const { repository, tag, digest: pinned } = parseImage(reference);
    const told = new Set<string>();
    for (const pod of currentPods) {
      const digest = digestOfImageId(containerStatuses(pod).find((s) => s.name === name)?.imageId ?? null);
      if (digest !== null) told.add(digest);
    }
    if (told.size > 1) mixed.push(name);
    let digest = told.size === 1 ? ([...told][0] ?? null) : null;
    // An index digest in the reference is what is promoted; a kubelet may report the digest of the one platform it pulled.
    if (pinned !== null && told.size > 0) digest = pinned;
    if (digest === null && desiredReplicas(deployment) === 0) digest = pinned ?? previous.find((i) => i.container === name && i.reference === reference)?.digest ?? null;
    return { container: name, reference, repository, tag, digest };
  });
  return { images, mixed };
}

/**
 * The version of a Big Pod: the tag that most of its configured services share (a supervised process counts for its container), the earlier service
 * winning a tie, so that a third-party container (NGINX 1.27.2 beside auth and user at v1.4.0) does not name it. Without configured containers: the first one's.
 */
export function versionOf(bigPod: BigPodConfig, images: readonly RunningImage[]): string | null {
  const containers = images.map((image) => ({ name: image.container }));
  const votes = new Map<string, number>();
  for (const service of bigPod.services) {
    const image = images.find((i) => i.container === containerOfService(service, containers));
    const version = image === undefined ? null : imageVersion({ tag: image.tag, digest: parseImage(image.reference).digest ?? image.digest });
    if (version !== null) votes.set(version, (votes.get(version) ?? 0) + 1);
  }
  const [winner] = [...votes].sort((a, b) => b[1] - a[1]);
  const [first] = images;
  return winner?.[0] ?? (first === undefined ? null : imageVersion(first));
}
