/** What can be wrong with an entry of the audit log. */
export const chainFaults = ["edited", "reordered", "deleted", "inserted", "replaced"] as const;
export type ChainFault = (typeof chainFaults)[number];

/** What can be wrong with a signed checkpoint by itself, or beside the one before it. */
export const checkpointFaults = ["unreadable", "unsigned", "foreign", "forked", "backwards"] as const;
export type CheckpointFault = (typeof checkpointFaults)[number];
