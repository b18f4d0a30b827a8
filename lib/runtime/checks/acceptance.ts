/** Numbers of the acceptance catalogue ("ACCEPTANCE 18", "ACCEPTANCE 20–25, 29") that titles of tests in a source text carry. */
export function coveredNumbers(source: string): number[] {
  const titles = [...source.matchAll(/["'`]ACCEPTANCE (\d[\d–, ]*)/g)].map((match) => match[1] ?? "");
  return titles.flatMap((list) => list.split(",")).flatMap((part) => {
    const [from, to] = part.split("–").map((text) => text.trim());
    if (from === undefined || from === "") return [];
    const [first, last] = [Number(from), to === undefined || to === "" ? Number(from) : Number(to)];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  });
}
