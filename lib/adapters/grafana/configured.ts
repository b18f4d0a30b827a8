import { createGrafana } from "#lib/adapters/grafana/grafana.ts";
import type { Config } from "#lib/contracts/config.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { GrafanaApi } from "#lib/ports/grafana.ts";

/** The Grafana of the configuration, null without one. Its token is read at the first use. Throws VigieError "invalid" then, when it cannot be read. */
export function createConfiguredGrafana({ grafana }: Pick<Config, "grafana">, readSecret: (reference: string) => string): () => GrafanaApi | null {
  let made: GrafanaApi | null = null;
  return () => {
    if (grafana === undefined) return null;
    made ??= createGrafana({ url: grafana.url, token: grafana.token === undefined ? null : tokenOf(readSecret(grafana.token), grafana.token) });
    return made;
  };
}

function tokenOf(value: string, reference: string): string {
  if (/[^\x21-\x7e]/.test(value)) throw new VigieError("invalid", `The secret ${reference} for Grafana has characters that no header can carry. Write it again, on one line.`);
  return value;
}
