import { openIncidents, worstFirst } from "#components/incident/incident-words.ts";
import { IncidentIcon } from "#components/incident/incident-marks.tsx";
import { rollbackTarget } from "#components/overview/remedy-action.ts";
import type { PaletteCommand } from "#components/shell/palette-commands.ts";
import type { PaletteParts } from "#components/shell/palette-parts.ts";

/** What can be done about what is wrong now; first in the palette, because that is what it is opened for at night. */
export function incidentCommands({ snapshot, trails, refused, go, deed, plan }: PaletteParts): PaletteCommand[] {
  const commands = worstFirst(openIncidents(snapshot.incidents), snapshot.environments.map(({ name }) => name)).flatMap((incident): Omit<PaletteCommand, "group">[] => {
    const { number, environment } = incident;
    const release = rollbackTarget(environment, snapshot.releases, trails);
    return [
      { key: `incident ${number}`, title: `Open incident ${number}: ${incident.title}`, icon: <IncidentIcon incident={incident} />, run: go(`/incidents/${number}`) },
      ...(incident.acknowledged === null
        ? [{ key: `acknowledge ${number}`, title: `Acknowledge incident ${number}`, disabledBecause: refused("incident.work", environment, `Acknowledging in ${environment}`), run: deed(`acknowledge:${number}`) }]
        : []),
      ...(release === null
        ? []
        : [
            {
              key: `roll back for ${number}`,
              title: `Roll back ${environment} to R-${release} for incident ${number}`,
              disabledBecause: refused("operation.request.rollback", environment, `Rolling back ${environment}`),
              run: plan({ kind: "rollback", environment, release }, { reason: `Incident ${number}: ${incident.title}`, backTo: `/incidents/${number}`, incident: number }),
            },
          ]),
      ...(incident.firing > 0
        ? [{ key: `silence ${number}`, title: `Silence an alert of incident ${number}…`, disabledBecause: refused("incident.silence", environment, `Silencing in ${environment}`), run: deed(`silence:${number}`) }]
        : []),
      { key: `resolve ${number}`, title: `Resolve incident ${number}…`, disabledBecause: refused("incident.work", environment, `Resolving in ${environment}`), run: deed(`resolve:${number}`) },
    ];
  });
  return commands.map((command) => ({ group: "Do", ...command }));
}
