/** What of the operations is listed. `waiting` is three statuses: for approval, for its time, for its turn. */
export const shownKinds = ["all", "waiting", "running", "failed", "returned", "refused"] as const;
export type ShownKind = (typeof shownKinds)[number];
