/** Every query key of the browser. The stream writes the first three. */
export const keys = {
  platform: () => ["platform"] as const,
  /** How the stream is doing: see LiveState. */
  live: () => ["live"] as const,
  /** Releases each environment has had: see Trails. */
  trails: () => ["trails"] as const,
  /** One operation with its steps; read again when the stream says that it moved. */
  operation: (id: string) => ["operation", id] as const,
};
