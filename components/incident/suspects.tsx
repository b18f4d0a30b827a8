import Link from "next/link";
import type { Suspect } from "#lib/contracts/incident.ts";
import { ComparisonTable } from "#components/incident/comparison.tsx";
import { VerdictMark } from "#components/incident/incident-marks.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { Digest } from "#components/patterns/digest.tsx";
import { formatDuration } from "#components/patterns/duration.ts";
import { readReference } from "#components/patterns/image-reference.ts";
import { Section } from "#components/patterns/section.tsx";

interface SuspectsProps {
  suspects: readonly Suspect[];
  note: string | null;
  onsetAt: string;
  titleOf: (bigPod: string) => string;
}

/** What changed just before, most suspected first: why, what the numbers say, and what came with it. */
export function Suspects({ suspects, note, onsetAt, titleOf }: SuspectsProps) {
  return (
    <Section title="What changed just before" id="suspects" aside={suspects.length > 0 ? `${suspects.length} ${suspects.length === 1 ? "suspect" : "suspects"}` : undefined}>
      {suspects.length === 0 ? (
        <Absence kind={note === null ? "empty" : "unknown"} title={note ?? "Nothing that Vigie saw changed before it began"}>
          {note === null ? "Then it is more likely load, data or something outside: a restart or more pods may help, a rollback hardly." : null}
        </Absence>
      ) : (
        <>
          <ol className="border-t border-line">
            {suspects.map((suspect) => (
              <SuspectRow key={suspect.change.id} suspect={suspect} onsetAt={onsetAt} titleOf={titleOf} />
            ))}
          </ol>
          {note === null ? null : <p className="pt-1.5 text-xs text-muted">{note}</p>}
        </>
      )}
    </Section>
  );
}

function SuspectRow({ suspect, onsetAt, titleOf }: { suspect: Suspect; onsetAt: string; titleOf: (bigPod: string) => string }) {
  const { change, rank, reasons, comparison, release } = suspect;
  const first = rank === 1;
  return (
    <li className="grid grid-cols-[1.5rem_minmax(0,1fr)] gap-x-1 border-b border-line py-2.5" data-suspect={rank}>
      <b className={first ? "" : "text-faint"}>
        <span className="sr-only">Suspect </span>
        {rank}
      </b>
      <div className="grid min-w-0 gap-1.5">
        <div className="flex flex-wrap items-baseline justify-between gap-x-3">
          <p className="min-w-0">
            {change.operationId ? (
              <Link href={`/operations/${change.operationId}`} prefetch={false} className={`hover:underline ${first ? "font-semibold" : ""}`}>
                {change.release === null ? change.summary : `R-${change.release} → ${change.environment}`}
              </Link>
            ) : (
              <span className={first ? "font-semibold" : ""}>{change.release === null ? change.summary : `R-${change.release} → ${change.environment}`}</span>
            )}{" "}
            {change.release === null ? null : <span className="text-muted">{change.summary}</span>}
          </p>
          <span className="text-xs text-faint" data-tip-time={change.at}>
            {before(change.at, onsetAt)}
          </span>
        </div>
        <p className="text-xs text-muted">
          {change.environment}
          {change.bigPod === null ? "" : `, ${titleOf(change.bigPod)}`} · {change.by}
        </p>
        {reasons.length > 0 ? <p className="text-sm text-muted">{reasons.join(" · ")}</p> : null}
        {comparison ? (
          first ? (
            <ComparisonTable comparison={comparison} said={reasons.some((reason) => reason.includes(comparison.sentence))} />
          ) : (
            <details className="text-sm">
              <summary className="w-fit max-md:min-h-11 max-md:py-2.5">
                <VerdictMark verdict={comparison.verdict} /> <span className="text-muted">{comparison.sentence}</span>
              </summary>
              <ComparisonTable comparison={comparison} said />
            </details>
          )
        ) : null}
        {release ? <ReleaseOf release={release} open={first} titleOf={titleOf} /> : null}
      </div>
    </li>
  );
}

/** Newest ones; the rest is folded away, so that the next suspect is still on the screen. */
const commitsShown = 6;

function ReleaseOf({ release, open, titleOf }: { release: NonNullable<Suspect["release"]>; open: boolean; titleOf: (bigPod: string) => string }) {
  const commits = release.commits.reduce((sum, { messages }) => sum + messages.length, 0);
  return (
    <details className="text-xs" open={open && release.images.length <= 4}>
      <summary className="w-fit text-muted hover:text-text max-md:min-h-11 max-md:py-3">
        What came with R-{release.number}: {release.images.length} {release.images.length === 1 ? "image" : "images"}
        {commits > 0 ? `, ${commits} ${commits === 1 ? "commit" : "commits"}` : ""}, by {release.by}
      </summary>
      <ul className="grid gap-1 pt-1.5" aria-label={`Images of R-${release.number}`}>
        {release.images.map(({ bigPod, container, from, to }) => (
          <li key={`${bigPod}/${container}`} className="flex flex-wrap items-baseline gap-x-2">
            <span className="text-muted">{bigPod === container ? titleOf(bigPod) : `${titleOf(bigPod)}, ${container}`}</span>
            {from === null ? <span className="text-faint">new</span> : <Image reference={from} />}
            <span aria-label="to">→</span>
            <Image reference={to} />
          </li>
        ))}
      </ul>
      {release.commits.map(({ repository, from, to, url, messages, trouble }) => (
        <div key={`${repository} ${to}`} className="pt-1.5">
          <p className="text-muted">
            {repository}{" "}
            {url === null ? (
              <span className="font-mono">{range(from, to)}</span>
            ) : (
              <a href={url} target="_blank" rel="noopener noreferrer" className="font-mono underline decoration-line-strong underline-offset-2 hover:text-text">
                {range(from, to)}
              </a>
            )}
          </p>
          {trouble ? <p className="text-faint">{trouble}</p> : null}
          <Commits messages={messages.slice(0, commitsShown)} />
          {messages.length > commitsShown ? (
            <details>
              <summary className="w-fit text-muted hover:text-text max-md:min-h-11 max-md:py-3">and {messages.length - commitsShown} older</summary>
              <Commits messages={messages.slice(commitsShown)} />
            </details>
          ) : null}
        </div>
      ))}
      <p className="pt-1.5">
        <Link href={`/releases/${release.number}`} prefetch={false} className="underline decoration-line-strong underline-offset-2 hover:text-text">
          All of R-{release.number}
        </Link>
      </p>
    </details>
  );
}

function Commits({ messages }: { messages: readonly string[] }) {
  return (
    <ul className="list-disc pl-4">
      {messages.map((message, index) => (
        // Two commits may say the same.
        <li key={`${index} ${message}`}>{message.split("\n", 1)[0]}</li>
      ))}
    </ul>
  );
}

function Image({ reference }: { reference: string }) {
  const { tag, digest, repository } = readReference(reference);
  return (
    <span className="inline-flex items-baseline gap-1 font-mono">
      {tag ?? repository}
      {digest === null ? null : <Digest digest={digest} />}
    </span>
  );
}

function range(from: string | null, to: string): string {
  return from === null ? to.slice(0, 12) : `${from.slice(0, 12)}…${to.slice(0, 12)}`;
}

/** "4 min before", measured to the onset and not to now: how near it was is what makes it suspect. */
function before(at: string, onsetAt: string): string {
  const ms = Date.parse(onsetAt) - Date.parse(at);
  return ms >= 0 ? `${formatDuration(ms, 2)} before` : `${formatDuration(-ms, 2)} after it began`;
}
