/**
 * The NOTIFY channel. `vigie_stream` carries JSON {"topic","key","position"} (topic as in StreamEvent: state, source, release, change, operation, guard, incident);
 * listeners read the row: a notification says what moved, never what it is now.
 */
export const streamChannel = "vigie_stream";

export type StreamTopic = "state" | "source" | "release" | "change" | "operation" | "guard" | "incident";
export interface StreamNotice {
  topic: StreamTopic;
  /** state: "environment/bigPod"; source: its key; release, guard: environment; change, operation, incident: id. */
  key: string;
  position: number;
}

/** Told when signals were written that no incident knows yet. No payload: whoever joins them reads the rows that are not handled. */
export const signalChannel = "vigie_signal";

/**
 * Told by triggers, whoever wrote: `person:ID` when one of their sessions ended or what gives them roles changed, `token:ID` when a token did. Whoever serves them
 * for long asks again who they are.
 */
export const accessChannel = "vigie_access";
