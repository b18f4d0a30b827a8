import type { RunningImage } from "#lib/contracts/state.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Copy } from "#components/ui/copy.tsx";

export function Images({ images }: { images: readonly RunningImage[] }) {
  if (images.length === 0) return <Absence kind="empty" title="Nothing runs here" />;
  return (
    <ul className="border-t border-line text-sm">
      {images.map((image) => (
        <li key={image.container} className="grid gap-x-3 gap-y-0.5 border-b border-line py-2 md:grid-cols-[112px_minmax(0,1fr)_minmax(0,1fr)]">
          <b>{image.container}</b>
          <Copy text={image.reference} label={`reference of ${image.container}`} className="min-w-0 font-mono text-xs">
            {image.repository}
            {image.tag === null ? "" : `:${image.tag}`}
          </Copy>
          {image.digest ? (
            <Copy text={image.digest} label={`digest of ${image.container}`} className="min-w-0 font-mono text-xs text-muted">
              {image.digest}
            </Copy>
          ) : (
            <span className="text-xs text-warn">digest not known: no pod has told it yet</span>
          )}
        </li>
      ))}
    </ul>
  );
}
