import Link from "next/link";
import type { ReactNode } from "react";
import type { AuditEntry } from "#lib/contracts/audit.ts";
import { auditActionWords, auditOutcomePresentation } from "#components/audit/audit-presentation.ts";
import { compareFacts } from "#components/audit/facts-compare.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { ExactTime } from "#components/patterns/time.tsx";
import { subjectsOf } from "#lib/domain/audit-subjects.ts";
import { Copy } from "#components/ui/copy.tsx";

const link = "underline decoration-line-strong underline-offset-2";

/** One entry, for reading: what, who, why, before and after, how it ended, and where it stands in the chain. */
export function AuditEntryView({ entry }: { entry: AuditEntry }) {
  const { tone, shape, word } = auditOutcomePresentation[entry.outcome];
  const facts = compareFacts(entry.before, entry.after);
  const { incidents, releases } = subjectsOf(entry);
  const about = [
    ...incidents.map((number) => ({ words: `incident ${number}`, href: `/incidents/${number}`, all: `/audit?incident=${number}` })),
    ...releases.map((number) => ({ words: `R-${number}`, href: `/releases/R-${number}`, all: `/audit?release=${number}` })),
  ];
  return (
    <>
      <PageHead icon={<StatusIcon shape={shape} tone={tone} className="size-[22px]" />} title={entry.summary}>
        <p>
          Entry {entry.sequence} · <ExactTime at={entry.at} />
        </p>
      </PageHead>
      <dl className="grid border-t border-line text-sm md:grid-cols-[140px_minmax(0,1fr)]">
        <Row title="What">
          {auditActionWords[entry.action]} <span className="font-mono text-xs text-muted">{entry.action}</span>
        </Row>
        <Row title="Outcome">
          <span className={toneText[tone]}>{word}</span>
        </Row>
        <Row title="Who">
          {entry.actor.name} <span className="text-xs text-muted">{entry.actor.kind === "system" ? "Vigie itself" : entry.actor.kind}, </span>
          <Copy text={entry.actor.id} label="id of the actor" className="font-mono text-xs text-muted">
            {entry.actor.id}
          </Copy>
        </Row>
        <Row title="Why">{entry.reason === null ? <span className="text-muted">no reason is asked for here</span> : `“${entry.reason}”`}</Row>
        <Row title="Where">{[entry.environment, entry.bigPods.join(", ")].filter(Boolean).join(": ") || <span className="text-muted">no environment</span>}</Row>
        {entry.operationId ? (
          <Row title="Operation">
            <Link className={link} href={`/operations/${entry.operationId}`}>
              Open it
            </Link>
            {" · "}
            <Link className={link} href={`/audit?operation=${entry.operationId}`}>
              all its entries
            </Link>
          </Row>
        ) : null}
        {about.length > 0 ? (
          <Row title="About">
            {about.map(({ words, href, all }, index) => (
              <span key={href}>
                {index > 0 ? "; " : ""}
                <Link className={link} href={href}>
                  {words}
                </Link>
                {" · "}
                <Link className={link} href={all}>
                  all entries about it
                </Link>
              </span>
            ))}
          </Row>
        ) : null}
        <Row title="Beside it">
          {entry.sequence > 1 ? (
            <>
              <Link className={link} href={`/audit/${entry.sequence - 1}`} prefetch={false}>
                the one before
              </Link>
              {" · "}
            </>
          ) : null}
          <Link className={link} href={`/audit?before=${entry.sequence + 25}`} prefetch={false}>
            the log around it
          </Link>
        </Row>
      </dl>
      <Section title="Before and after">
        {facts.length === 0 ? (
          <Absence kind="empty" title="This entry records no change of values" />
        ) : (
          <table className="w-full border-collapse border-t border-line text-sm max-md:block md:table-fixed">
            <thead className="max-md:hidden">
              <tr className="text-left text-xs text-muted">
                <th className="py-1.5 pr-3 font-normal">What</th>
                <th className="py-1.5 pr-3 font-normal">Before</th>
                <th className="py-1.5 font-normal">After</th>
              </tr>
            </thead>
            <tbody className="max-md:block">
              {facts.map((fact) => (
                <tr key={fact.path} className="border-t border-line align-baseline max-md:block max-md:py-1.5">
                  <th scope="row" className="py-1.5 pr-3 text-left text-xs font-normal text-muted max-md:block max-md:py-0">
                    {fact.path}
                  </th>
                  <td className="py-1.5 pr-3 font-mono text-xs max-md:block max-md:py-0">{fact.before ?? <span className="text-faint">–</span>}</td>
                  <td className={fact.before === fact.after ? "py-1.5 font-mono text-xs text-muted max-md:block max-md:py-0" : "py-1.5 font-mono text-xs font-semibold max-md:block max-md:py-0"}>{fact.after ?? <span className="text-faint">–</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Section>
      <Section title="In the chain">
        <dl className="grid border-t border-line text-sm md:grid-cols-[140px_minmax(0,1fr)]">
          <Row title="This entry's hash">
            <Copy text={entry.hash} label="hash" className="font-mono text-xs">
              {entry.hash}
            </Copy>
          </Row>
          <Row title="The one before">
            <Copy text={entry.previousHash} label="previous hash" className="font-mono text-xs text-muted">
              {entry.previousHash}
            </Copy>
          </Row>
        </dl>
      </Section>
    </>
  );
}

function Row({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted md:border-b md:border-line md:py-2 max-md:pt-2 max-md:text-xs">{title}</dt>
      <dd className="min-w-0 border-b border-line pb-2 md:py-2">{children}</dd>
    </>
  );
}
