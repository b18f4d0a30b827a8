/** Filling in of the golden signals' PromQL templates (goldenSignals in vigie.yaml). */

export interface GoldenNames {
  environment: string;
  namespace: string;
  bigPod: string;
  /** Services to look at; all of the Big Pod when empty. */
  services: readonly string[];
  rangeSeconds: number;
}

/**
 * The query with its variables filled in. Values are written so that they cannot end the string they stand in; services become a regular expression
 * that matches exactly their names. Variables that do not exist stay as they are, and Prometheus says so.
 */
export function fillGoldenQuery(template: string, { environment, namespace, bigPod, services, rangeSeconds }: GoldenNames): string {
  const values: Record<string, string> = {
    environment: inString(environment),
    namespace: inString(namespace),
    bigPod: inString(bigPod),
    service: services.length === 0 ? ".*" : inString(services.map(literally).join("|")),
    range: `${Math.max(1, Math.round(rangeSeconds))}s`,
  };
  return template.replaceAll(/\$(environment|namespace|bigPod|service|range)\b/g, (variable, name: string) => values[name] ?? variable);
}

/** RE2's own characters, taken literally. Source: https://github.com/google/re2/wiki/Syntax */
function literally(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, (character) => `\\${character}`);
}

/** Within a double-quoted string of PromQL, which has Go's escapes. */
function inString(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
