/** A folder of Markdown files, by name without ending. */
export interface RunbookFiles {
  /** The text; null when there is no such file. Throws VigieError "invalid" with why it cannot be read (too long, no right, a link out of the folder). */
  read(name: string): Promise<string | null>;
}
