/** Every query key of the browser. The stream writes the first three. */
export const keys = {
  platform: () => ["platform"] as const,
  /** How the stream is doing: see LiveState. */
  live: () => ["live"] as const,
  /** Releases each environment has had: see Trails. */
  trails: () => ["trails"] as const,
  /** One operation with its steps; read again when the stream says that it moved. */
  operation: (id: string) => ["operation", id] as const,
  /** Colours over a time, asked for by the history sections; `bigPod` null: of all. */
  strips: (from: string, to: string, only: { environment: string; bigPod: string } | null) => ["strips", from, to, only] as const,
  /** Kept events of a Big Pod, page by page. */
  events: (environment: string, bigPod: string) => ["events", environment, bigPod] as const,
};
