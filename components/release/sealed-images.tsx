import type { ReleaseSummary } from "#lib/contracts/release.ts";
import { Copy } from "#components/ui/copy.tsx";

/** The images a release is made of: what identifies them, and where they were built from as far as the registry told. */
export function SealedImages({ release }: { release: ReleaseSummary }) {
  return (
    <ul className="border-t border-line text-sm">
      {release.bigPods.flatMap((bigPod) =>
        bigPod.images.map((image) => (
          <li key={`${bigPod.bigPod} ${image.container}`} className="grid gap-x-3 gap-y-0.5 border-b border-line py-2 md:grid-cols-[112px_112px_minmax(0,1fr)_minmax(0,180px)]">
            <b>{bigPod.bigPod}</b>
            <span className="text-muted">{image.container}</span>
            <span className="min-w-0">
              <Copy text={`${image.repository}${image.tag === null ? "" : `:${image.tag}`}@${image.digest}`} label={`reference of ${image.container}`} className="font-mono text-xs">
                {image.repository}
                {image.tag === null ? "" : `:${image.tag}`}
              </Copy>
              <Copy text={image.digest} label={`digest of ${image.container}`} className="w-full font-mono text-xs text-muted">
                {image.digest}
              </Copy>
            </span>
            <Source image={image} />
          </li>
        )),
      )}
    </ul>
  );
}

function Source({ image }: { image: ReleaseSummary["bigPods"][number]["images"][number] }) {
  if (image.revision === null) return <span className="text-xs text-faint">source commit not known</span>;
  const short = image.revision.slice(0, 10);
  // Only https addresses become links: the label comes from whoever built the image.
  const safe = image.source !== null && /^https:\/\/[^\s]+$/.test(image.source);
  return safe ? (
    <a href={image.source ?? undefined} rel="noreferrer noopener" target="_blank" className="min-w-0 truncate text-xs text-muted underline underline-offset-2 hover:text-text">
      commit {short}
    </a>
  ) : (
    <Copy text={image.revision} label="source commit" className="text-xs text-muted">
      commit {short}
    </Copy>
  );
}
