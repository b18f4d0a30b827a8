/** The headline is what stands before the first colon; the cause behind it reads as a line of its own. */
export function splitSentence(sentence: string): { head: string; rest: string | null } {
  const at = sentence.indexOf(": ");
  if (at === -1) return { head: sentence, rest: null };
  return { head: sentence.slice(0, at), rest: sentence.slice(at + 2) };
}
