import type { RegistryConfig } from "#lib/contracts/config.ts";
import type { Log } from "#lib/ports/runtime.ts";
import type { RegistryApi } from "#lib/ports/registry.ts";
import { VigieError } from "#lib/domain/error.ts";

/** Replaced by the operate branch. */
export function createRegistry(_options: { registries: readonly RegistryConfig[]; resolveSecret(reference: string): string; log: Log }): RegistryApi {
  return { inspect: () => Promise.reject(new VigieError("upstream", "No registry adapter yet.")) };
}
