/** Hues far enough apart to tell sources from each other, none of them that of a status; lightness per theme keeps 4.5:1 on the log's ground. */
const hues = [255, 320, 200, 290, 225, 345, 175, 60] as const;

/** Colour of a source: by its place among the services, so that it stays the same; others by their name. */
export function sourceColour(name: string, services: readonly string[]): string {
  const place = services.indexOf(name);
  const index = place === -1 ? [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) : place;
  const hue = hues[index % hues.length] ?? 255;
  return `light-dark(oklch(0.45 0.13 ${hue}), oklch(0.8 0.1 ${hue}))`;
}
