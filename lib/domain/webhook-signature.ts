/** A signed message is taken for so long after (or, with clocks that differ, before) the time that was signed with it. */
export const signatureWindowSeconds = 300;

export interface WebhookSignature {
  /** Unix seconds. */
  time: number;
  /** HMAC-SHA256 of "<time>.<body>", 64 hex digits; several while a secret is changed. */
  signatures: string[];
}

/** Reads `t=1795270000,v1=5257a869…`, the form that Stripe made common. Null when it is not of that form. */
export function parseSignature(header: string): WebhookSignature | null {
  if (header.length > 1_000) return null;
  const parts = header.split(",").map((part) => part.trim().split("="));
  const time = parts.find(([name]) => name === "t")?.[1] ?? "";
  const signatures = parts.flatMap(([name, value]) => (name === "v1" && value !== undefined && /^[0-9a-f]{64}$/i.test(value) ? [value.toLowerCase()] : []));
  return /^\d{1,12}$/.test(time) && signatures.length > 0 ? { time: Number(time), signatures } : null;
}

/** Whether the signed time is near enough to now. */
export function inWindow(time: number, now: Date): boolean {
  return Math.abs(now.getTime() / 1000 - time) <= signatureWindowSeconds;
}
