import type { PlanOrigin } from "#components/plan/plan-navigation.ts";
import type { Refusal } from "#components/query/permissions.tsx";
import type { Trails } from "#components/query/trail.ts";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import type { PlatformSnapshot } from "#lib/contracts/state.ts";

/** What the palette's commands are made of, and what they can set off. */
export interface PaletteParts {
  snapshot: PlatformSnapshot;
  trails: Trails;
  refused: Refusal;
  go: (href: string) => () => void;
  /** Opens a dialog that the address names. */
  deed: (what: string) => () => void;
  plan: (request: PlanRequest, origin?: PlanOrigin) => () => void;
}
