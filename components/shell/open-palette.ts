export const paletteEvent = "vigie:palette";

/** Asks for the palette, wherever on the page one is. */
export function openPalette(): void {
  document.dispatchEvent(new Event(paletteEvent));
}
