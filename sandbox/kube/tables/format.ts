import { isRecord } from "#sandbox/kube/objects/json.ts";

/** A span in the short form of kubectl ("42s", "5m30s", "3h", "12d", "2y10d"). apimachinery `duration.HumanDuration`. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 24 * 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  if (days < 365 * 8) return days % 365 === 0 ? `${years}y` : `${years}y${days % 365}d`;
  return `${years}y`;
}

export function age(timestamp: unknown, now: Date): string {
  const at = Date.parse(String(timestamp ?? ""));
  return Number.isNaN(at) ? "<unknown>" : humanDuration(now.getTime() - at);
}

/** "a=1,b=2", or `<none>`. */
export function labelText(labels: unknown): string {
  if (!isRecord(labels) || Object.keys(labels).length === 0) return "<none>";
  return Object.keys(labels).sort().map((key) => `${key}=${String(labels[key])}`).join(",");
}

const OPERATORS: Readonly<Record<string, string>> = { In: "in", NotIn: "notin" };

/** A metav1.LabelSelector in its query form. */
export function selectorText(selector: unknown): string {
  if (!isRecord(selector)) return "<none>";
  const equal = isRecord(selector.matchLabels) ? Object.keys(selector.matchLabels).sort().map((key) => [key, `${key}=${String((selector.matchLabels as Record<string, unknown>)[key])}`]) : [];
  const expressions = (Array.isArray(selector.matchExpressions) ? selector.matchExpressions : []).filter(isRecord).map((one) => {
    const key = String(one.key);
    const values = Array.isArray(one.values) ? `(${one.values.map(String).sort().join(",")})` : "()";
    if (one.operator === "Exists") return [key, key];
    return one.operator === "DoesNotExist" ? [key, `!${key}`] : [key, `${key} ${OPERATORS[String(one.operator)] ?? "?"} ${values}`];
  });
  const parts = [...equal, ...expressions].sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return parts.length === 0 ? "<none>" : parts.join(",");
}

/** "v", or `<none>` when absent. */
export function orNone(value: unknown): string {
  return value === undefined || value === null || value === "" ? "<none>" : String(value);
}
