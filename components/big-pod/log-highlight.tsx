/** A line with what was searched for marked. Marks at most so many, so that a line of one letter cannot make thousands of elements. */
const mostMarks = 50;

export function Highlighted({ text, search }: { text: string; search: string }) {
  if (search === "") return text;
  const lower = text.toLowerCase();
  // Lower case may change lengths ("İ"): then the places would not fit, and the line is shown unmarked.
  if (lower.length !== text.length) return text;
  const parts = [];
  let from = 0;
  for (let at = lower.indexOf(search); at !== -1 && parts.length < 2 * mostMarks; at = lower.indexOf(search, from)) {
    parts.push(text.slice(from, at), <mark key={at} className="rounded-sm bg-warn/30 text-text">{text.slice(at, at + search.length)}</mark>);
    from = at + search.length;
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  );
}
