import type { SourceRepository } from "#lib/domain/source-repository.ts";

/** What Vigie asks of the place where source code lives. Reads only. */
export interface SourceCommit {
  id: string;
  /** First line of its message. */
  title: string;
  author: string;
  at: Date | null;
}

export interface SourceApi {
  /**
   * Commits that `head` has and `base` has not, newest first; at most the newest hundred, of `total`. Throws VigieError "not-found" when there is no such
   * repository or commit, or it may not be seen; "unavailable" while too much was asked; "upstream" when it cannot be asked. Messages are for people.
   */
  compare(repository: SourceRepository, base: string, head: string, signal?: AbortSignal): Promise<{ commits: SourceCommit[]; total: number }>;
}
