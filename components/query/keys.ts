/** Every query key of the browser. The stream writes to these; nothing else does. */
export const keys = {
  platform: () => ["platform"] as const,
  /** How the stream is doing: see LiveState. */
  live: () => ["live"] as const,
  /** Releases each environment has had: see Trails. */
  trails: () => ["trails"] as const,
};
