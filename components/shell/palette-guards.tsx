import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import { Item } from "#components/shell/palette-item.tsx";

interface GuardItemsProps {
  snapshot: PlatformSnapshot;
  go: (href: string) => () => void;
  /** Opens a dialog that the address names. */
  deed: (what: string) => () => void;
  plan: (request: PlanRequest) => () => void;
}

/** What can be done about operations that wait, and about what guards the environments. */
export function GuardItems({ snapshot, go, deed, plan }: GuardItemsProps) {
  const refused = useRefusal();
  const unfinished = snapshot.operations.filter((operation) => !terminalOperationStatuses.includes(operation.status));
  const reviews = snapshot.guards.flatMap((guard) => guard.openReviews.map((review) => ({ environment: guard.environment, ...review })));
  return (
    <>
      {unfinished
        .filter((operation) => operation.status === "awaiting")
        .map((operation) => (
          <Item key={`approve ${operation.id}`} onSelect={go(`/operations/${operation.id}#approve`)} disabledBecause={refused("operation.approve", operation.environment, `Approving in ${operation.environment}`)}>
            Approve “{operation.title}”…
          </Item>
        ))}
      {unfinished.map((operation) => (
        <Item key={`abort ${operation.id}`} onSelect={deed(`abort:${operation.id}`)} disabledBecause={refused("operation.abort", operation.environment, `Aborting in ${operation.environment}`)}>
          Abort “{operation.title}”…
        </Item>
      ))}
      {reviews.map((review) => (
        <Item key={`review ${review.id}`} onSelect={deed(`review:${review.id}`)} disabledBecause={refused("break-glass.review", review.environment, `Reviewing break-glass in ${review.environment}`)}>
          Review break-glass of {review.by} in {review.environment}…
        </Item>
      ))}
      {snapshot.guards.flatMap((guard) =>
        guard.quarantined.map(({ release }) => (
          <Item key={`lift ${guard.environment} ${release}`} onSelect={go(`/releases/${release}`)} disabledBecause={refused("quarantine.lift", guard.environment, `Lifting a quarantine in ${guard.environment}`)}>
            Lift the quarantine of R-{release} for {guard.environment}…
          </Item>
        )),
      )}
      {snapshot.environments.slice(0, -1).map(({ name }) => (
        <Item key={`drill ${name}`} onSelect={plan({ kind: "drill", environment: name })} disabledBecause={refused("operation.request.drill", name, `Rehearsing in ${name}`)}>
          Rehearse the way back in {name} (drill)
        </Item>
      ))}
      {snapshot.environments.map(({ name }) => (
          <Item key={`break-glass ${name}`} onSelect={deed(`break-glass:${name}`)} disabledBecause={refused("break-glass.open", name, `Break-glass in ${name}`)}>
            Break-glass in {name}…
          </Item>
      ))}
    </>
  );
}
