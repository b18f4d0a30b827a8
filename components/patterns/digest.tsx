import { Copy } from "#components/ui/copy.tsx";

/** The beginning of a digest, enough to compare by eye; a click copies the whole. */
export function Digest({ digest, label = "digest" }: { digest: string; label?: string }) {
  const short = digest.replace(/^sha256:/, "").slice(0, 12);
  return (
    <Copy text={digest} label={label} className="font-mono text-xs text-muted">
      {short}
    </Copy>
  );
}
