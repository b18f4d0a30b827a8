import type { BigPodState, RunningImage } from "#lib/contracts/state.ts";
import { imageVersion } from "#lib/domain/fold-image.ts";

export interface ImageDifference {
  container: string;
  from: { version: string | null; digest: string | null } | null;
  to: { version: string | null; digest: string | null } | null;
}

export interface BigPodDifference {
  bigPod: string;
  /** `unknown`: an image's digest is not known on one side, and nothing known differs. Never a guess. */
  kind: "same" | "differs" | "unknown";
  fromVersion: string | null;
  toVersion: string | null;
  images: ImageDifference[];
  /** "v2.2.1 → v2.3.0", "same images", "not known: …" */
  summary: string;
}

function side(image: RunningImage | undefined): ImageDifference["from"] {
  return image === undefined ? null : { version: imageVersion(image), digest: image.digest };
}

/**
 * What `from` has that `to` has not, per Big Pod and by digest: equal digests under different tags are the same, different digests under one tag differ.
 * In the summary the version of `to` stands first: "v2.2.1 → v2.3.0" is what a promotion would do.
 */
export function differenceOf(bigPod: string, from: BigPodState | undefined, to: BigPodState | undefined): BigPodDifference {
  const base = { bigPod, fromVersion: from?.version ?? null, toVersion: to?.version ?? null };
  if (!from?.workload || !to?.workload) {
    const absent = !from?.workload ? from?.environment : to?.environment;
    return { ...base, kind: "unknown", images: [], summary: `not known: ${absent === undefined ? "nothing was seen yet" : `it does not run in ${absent}`}` };
  }
  const containers = [...new Set([...from.images, ...to.images].map((i) => i.container))];
  let unknown: string | null = null;
  const images = containers.flatMap((container): ImageDifference[] => {
    const a = from.images.find((i) => i.container === container);
    const b = to.images.find((i) => i.container === container);
    if (a && b && (a.digest === null || b.digest === null)) {
      // The very same reference can be two images (a moved tag), a different repository cannot be one.
      if (a.repository === b.repository) {
        unknown ??= a.digest === null ? from.environment : to.environment;
        return [];
      }
    }
    return a?.digest !== undefined && a.digest === b?.digest && a.digest !== null ? [] : [{ container, from: side(a), to: side(b) }];
  });
  if (images.length > 0) {
    const first = images[0];
    const moved = base.fromVersion !== base.toVersion ? `${base.toVersion ?? "?"} → ${base.fromVersion ?? "?"}` : `${first?.container ?? ""}: ${first?.to?.version ?? "none"} → ${first?.from?.version ?? "none"}${first?.to?.version === first?.from?.version ? " (another image under the same tag)" : ""}`;
    return { ...base, kind: "differs", images, summary: moved };
  }
  if (unknown !== null) return { ...base, kind: "unknown", images: [], summary: `not known: no pod in ${unknown} tells its image yet` };
  return { ...base, kind: "same", images: [], summary: "same images" };
}

/** Per Big Pod, in the given order, what the earlier environment has that the later has not. */
export function differencesBetween(bigPods: readonly string[], from: readonly BigPodState[], to: readonly BigPodState[]): BigPodDifference[] {
  return bigPods.map((name) => differenceOf(name, from.find((s) => s.bigPod === name), to.find((s) => s.bigPod === name)));
}
