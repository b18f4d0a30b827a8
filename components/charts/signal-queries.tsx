import { ExternalLink } from "lucide-react";
import type { GoldenSignal } from "#lib/contracts/metrics.ts";
import { Copy } from "#components/ui/copy.tsx";

/** The PromQL as it was asked, to be copied or opened where Prometheus draws it. */
export function SignalQueries({ signal }: { signal: GoldenSignal }) {
  return (
    <div className="grid min-w-0 gap-2 rounded-lg border border-line bg-sunk p-2 text-xs">
      {signal.queries.map(({ title, query, url }) => (
        <div key={title} className="grid min-w-0 gap-1">
          <pre className="font-mono whitespace-pre-wrap" data-promql>
            {query}
          </pre>
          <div className="flex flex-wrap gap-x-3 gap-y-1 text-muted">
            <Copy text={query} label={`the query for ${title.toLowerCase()}`}>
              Copy
            </Copy>
            {url === null ? null : (
              <a href={url} target="_blank" rel="noreferrer noopener" className="inline-flex items-center gap-1 hover:text-text max-md:min-h-10">
                Open in Prometheus
                <ExternalLink aria-hidden className="size-3" />
              </a>
            )}
          </div>
        </div>
      ))}
      {signal.derived === null ? null : <p className="text-muted">{signal.derived}</p>}
    </div>
  );
}
