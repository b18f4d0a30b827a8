/** Where entries go that leave the database. */
export interface AuditArchive {
  /**
   * Writes a file whole or not at all, and on disk when it resolves. The same contents again change nothing; other contents under a name that is taken
   * are refused. Throws VigieError "invalid" (name), "conflict" (taken), "unavailable" (cannot be written).
   */
  write(name: string, chunks: AsyncIterable<string>): Promise<{ path: string; sha256: string; bytes: number }>;
}
