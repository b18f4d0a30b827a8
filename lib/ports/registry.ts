/** What Vigie asks of a container registry. */
export interface RegistryImage {
  digest: string;
  /** "linux/arm64" */
  platforms: string[];
  revision: string | null;
  source: string | null;
  version: string | null;
  createdAt: string | null;
}

export interface RegistryApi {
  /**
   * Looks an image up by digest. `null`: the registry answered and does not have it.
   * Throws VigieError "upstream" when it cannot be asked (so a gate says `error`, never a guess).
   */
  inspect(image: { repository: string; digest: string }, signal?: AbortSignal): Promise<RegistryImage | null>;
}
