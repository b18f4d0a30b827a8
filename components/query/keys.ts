/** Every query key of the browser. The stream writes to the first two; nothing else does. */
export const keys = {
  platform: () => ["platform"] as const,
  /** How the stream is doing: see LiveState. */
  live: () => ["live"] as const,
};
