import type { ReactNode } from "react";
import type { Runbook } from "#lib/contracts/incident.ts";
import { RunbookMarkdown } from "#components/incident/runbook-markdown.tsx";
import { RunbookProgress } from "#components/incident/runbook-progress.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { Section } from "#components/patterns/section.tsx";

/** What was written down for this alert on a calmer day. A server component: only the boxes of its steps are the browser's. */
export function Runbooks({ runbooks }: { runbooks: readonly Runbook[] }) {
  return (
    <Section title={runbooks.length > 1 ? "Runbooks" : "Runbook"} id="runbooks">
      {runbooks.length === 0 ? (
        <p className="border-y border-line py-2 text-sm text-muted">None of its alerts names a runbook, and the folder of runbooks holds none by their names.</p>
      ) : (
        <div className="grid gap-3">
          {runbooks.map((runbook, index) => (
            <details key={runbook.name} open={index === 0 && runbook.markdown !== null} className="rounded-lg border border-line bg-panel px-3.5 py-2.5">
              <summary className="max-md:min-h-11 max-md:py-2.5">
                <h3 className="inline font-semibold">{runbook.title}</h3> <RunbookProgress name={runbook.name} />
              </summary>
              <div className="pt-2">{bodyOf(runbook)}</div>
            </details>
          ))}
        </div>
      )}
    </Section>
  );
}

function bodyOf({ name, title, markdown, url, trouble }: Runbook): ReactNode {
  if (trouble !== null) return <Absence kind="unreachable" title={trouble} />;
  if (markdown !== null) return <RunbookMarkdown name={name} markdown={markdown} />;
  if (url !== null && /^https?:\/\//i.test(url)) {
    return (
      <a href={url} target="_blank" rel="noopener noreferrer" className="text-sm underline underline-offset-2">
        {title}, at {new URL(url).host}
      </a>
    );
  }
  return <Absence kind="empty" title="This runbook is empty" />;
}
