import { terminalOperationStatuses } from "#lib/domain/status.ts";
import type { PaletteCommand } from "#components/shell/palette-commands.ts";
import type { PaletteParts } from "#components/shell/palette-parts.ts";

/** What can be done about operations that wait, and about what guards the environments. */
export function guardCommands({ snapshot, refused, go, deed, plan }: PaletteParts): PaletteCommand[] {
  const unfinished = snapshot.operations.filter((operation) => !terminalOperationStatuses.includes(operation.status));
  const approvals = unfinished
    .filter((operation) => operation.status === "awaiting")
    .map((operation) => ({ key: `approve ${operation.id}`, title: `Approve “${operation.title}”…`, disabledBecause: refused("operation.approve", operation.environment, `Approving in ${operation.environment}`), run: go(`/operations/${operation.id}#approve`) }));
  const aborts = unfinished.map((operation) => ({ key: `abort ${operation.id}`, title: `Abort “${operation.title}”…`, disabledBecause: refused("operation.abort", operation.environment, `Aborting in ${operation.environment}`), run: deed(`abort:${operation.id}`) }));
  const reviews = snapshot.guards.flatMap(({ environment, openReviews }) =>
    openReviews.map((review) => ({ key: `review ${review.id}`, title: `Review break-glass of ${review.by} in ${environment}…`, disabledBecause: refused("break-glass.review", environment, `Reviewing break-glass in ${environment}`), run: deed(`review:${review.id}`) })),
  );
  const lifts = snapshot.guards.flatMap(({ environment, quarantined }) =>
    quarantined.map(({ release }) => ({ key: `lift ${environment} ${release}`, title: `Lift the quarantine of R-${release} for ${environment}…`, disabledBecause: refused("quarantine.lift", environment, `Lifting a quarantine in ${environment}`), run: go(`/releases/${release}`) })),
  );
  const drills = snapshot.environments
    .slice(0, -1)
    .map(({ name }) => ({ key: `drill ${name}`, title: `Rehearse the way back in ${name} (drill)`, disabledBecause: refused("operation.request.drill", name, `Rehearsing in ${name}`), run: plan({ kind: "drill", environment: name }) }));
  const glass = snapshot.environments.map(({ name }) => ({ key: `break-glass ${name}`, title: `Break-glass in ${name}…`, disabledBecause: refused("break-glass.open", name, `Break-glass in ${name}`), run: deed(`break-glass:${name}`) }));
  return [...approvals, ...aborts, ...reviews, ...lifts, ...drills, ...glass].map((command) => ({ group: "Do", ...command }));
}
