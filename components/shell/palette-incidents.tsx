"use client";

import { openIncidents, worstFirst } from "#components/incident/incident-words.ts";
import { IncidentIcon } from "#components/incident/incident-marks.tsx";
import { rollbackTarget } from "#components/overview/remedy-action.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import type { Trails } from "#components/query/trail.ts";
import { Item } from "#components/shell/palette-item.tsx";
import type { PlanOrigin } from "#components/plan/plan-navigation.ts";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";

interface IncidentItemsProps {
  snapshot: PlatformSnapshot;
  trails: Trails;
  go: (href: string) => () => void;
  deed: (what: string) => () => void;
  plan: (request: PlanRequest, origin?: PlanOrigin) => () => void;
}

/** What can be done about what is wrong now; first in the palette, because that is what it is opened for at night. */
export function IncidentItems({ snapshot, trails, go, deed, plan }: IncidentItemsProps) {
  const refused = useRefusal();
  return (
    <>
      {worstFirst(openIncidents(snapshot.incidents), snapshot.environments.map(({ name }) => name)).map((incident) => {
        const { number, environment } = incident;
        const release = rollbackTarget(environment, snapshot.releases, trails);
        return [
          <Item key={`open ${number}`} onSelect={go(`/incidents/${number}`)}>
            <IncidentIcon incident={incident} />
            Open incident {number}: {incident.title}
          </Item>,
          incident.acknowledged === null ? (
            <Item key={`acknowledge ${number}`} onSelect={deed(`acknowledge:${number}`)} disabledBecause={refused("incident.work", environment, `Acknowledging in ${environment}`)}>
              Acknowledge incident {number}
            </Item>
          ) : null,
          release === null ? null : (
            <Item key={`roll back ${number}`} onSelect={plan({ kind: "rollback", environment, release }, { reason: `Incident ${number}: ${incident.title}`, backTo: `/incidents/${number}`, incident: number })} disabledBecause={refused("operation.request.rollback", environment, `Rolling back ${environment}`)}>
              Roll back {environment} to R-{release} for incident {number}
            </Item>
          ),
          incident.firing > 0 ? (
            <Item key={`silence ${number}`} onSelect={deed(`silence:${number}`)} disabledBecause={refused("incident.silence", environment, `Silencing in ${environment}`)}>
              Silence an alert of incident {number}…
            </Item>
          ) : null,
          <Item key={`resolve ${number}`} onSelect={deed(`resolve:${number}`)} disabledBecause={refused("incident.work", environment, `Resolving in ${environment}`)}>
            Resolve incident {number}…
          </Item>,
        ];
      })}
      <Item onSelect={deed("open-incident")}>Open an incident…</Item>
    </>
  );
}
