import { Clock } from "lucide-react";

/** What a confirmed plan waits for before it begins, in order. */
export function Waits({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <div className="flex items-start gap-2.5 rounded-lg border border-hold bg-hold-wash px-3 py-2 text-sm" data-plan-waits={sentences.length}>
      <Clock aria-hidden className="mt-0.5 size-4 shrink-0 text-hold" />
      <div className="min-w-0">
        <p className="font-semibold">It waits, then begins by itself:</p>
        <ol className={sentences.length > 1 ? "list-decimal pl-4" : ""}>
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ol>
      </div>
    </div>
  );
}

/** What Vigie does by itself after the last step: bake, watch, standby. */
export function Afterwards({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <div className="text-xs text-muted">
      <b className="text-text">Afterwards</b>
      <ul className="list-disc pl-4">
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </div>
  );
}
