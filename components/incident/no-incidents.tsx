import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { isBlindness, openIncidents } from "#components/incident/incident-words.ts";
import { useIncidents } from "#components/query/use-platform.ts";
import { useFreshness } from "#components/query/use-freshness.ts";

/**
 * Nothing is open. Said in green only while Vigie hears from what observes the clusters: no incident for want of data is not "all is well".
 */
export function NothingOpen({ narrowed }: { narrowed: boolean }) {
  const { kind, sentence } = useFreshness();
  const blind = openIncidents(useIncidents()).find(isBlindness);
  if (blind) {
    return (
      <Absence kind="unknown" title="No such incident is known to be open, but the monitoring is blind">
        {blind.title}
      </Absence>
    );
  }
  if (kind === "stale") {
    return (
      <Absence kind="unknown" title="No incident is known to be open, but Vigie may not hear of new ones">
        {sentence}
      </Absence>
    );
  }
  return (
    <div data-nothing-open className="flex items-start gap-2.5 border-y border-line bg-ok-wash px-3 py-3">
      <StatusIcon shape="check" tone="ok" className="mt-1" />
      <div>
        <p className="font-semibold">{narrowed ? "No such incident is open" : "No incident is open"}</p>
        <p className="text-xs text-muted">Alerts, broken Big Pods and failed operations open one by themselves. What people report can be opened by hand.</p>
      </div>
    </div>
  );
}

/** The list as it was asked for is empty, which says nothing of how things are. */
export function NothingFound({ status, narrowed }: { status: "open" | "resolved" | "all"; narrowed: boolean }) {
  const title = narrowed ? "No incident fits what was chosen" : status === "resolved" ? "No incident has ended yet" : status === "open" ? "No more incidents are open" : "There has been no incident yet";
  return <Absence kind="empty" title={title} />;
}
