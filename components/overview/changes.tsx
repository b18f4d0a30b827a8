import Link from "next/link";
import type { Change } from "#lib/contracts/state.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";
import { Time } from "#components/patterns/time.tsx";

/** Who changed what, newest first; also what did not go through Vigie. */
export function Changes({ changes, limit = 8 }: { changes: readonly Change[]; limit?: number }) {
  const shown = changes.slice(0, limit);
  return (
    <Section title="What changed" aside={shown.length > 0 ? `newest ${shown.length}` : undefined}>
      {shown.length === 0 ? (
        <Absence kind="empty" title="Nothing has changed since Vigie began to watch" />
      ) : (
        <ul className="border-t border-line">
          {shown.map((change) => (
            <li key={change.id} className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 border-b border-line py-2">
              <span className="min-w-0">
                <b>{change.environment}</b> <span className="text-muted">{withoutName(change)}</span>
              </span>
              <Time at={change.at} form="age" className="text-xs text-faint" />
              <p className="col-span-2 text-xs text-muted">
                {change.by}
                {change.operationId ? (
                  <>
                    {" · "}
                    <Link href={`/operations/${change.operationId}`} className="underline decoration-line-strong underline-offset-2 hover:text-text">
                      operation
                    </Link>
                  </>
                ) : null}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** The environment stands before the sentence already. */
function withoutName(change: Change): string {
  return change.summary.startsWith(`${change.environment} `) ? change.summary.slice(change.environment.length + 1) : change.summary;
}
