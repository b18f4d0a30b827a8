import { crc32, deflateSync } from "node:zlib";
import type { PanelSeries } from "#sandbox/grafana/panel-query.ts";

export interface PictureOptions {
  width: number;
  height: number;
  theme: "light" | "dark";
  fromMs: number;
  toMs: number;
  series: readonly PanelSeries[];
}

type Colour = readonly [red: number, green: number, blue: number];

const themes: Record<"light" | "dark", { ground: Colour; grid: Colour; line: Colour }> = {
  light: { ground: [255, 255, 255], grid: [228, 231, 235], line: [86, 166, 75] },
  dark: { ground: [24, 27, 31], grid: [44, 50, 53], line: [115, 191, 105] },
};
const margin = 12;

/** What an image renderer would make of a panel, without its words: lines on a grid, as PNG. */
export function panelPicture({ width, height, theme, fromMs, toMs, series }: PictureOptions): Buffer {
  const colours = themes[theme];
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at++) pixels.set(colours.ground, at * 3);
  const dot = (x: number, y: number, colour: Colour) => x >= 0 && y >= 0 && x < width && y < height && pixels.set(colour, (y * width + x) * 3);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) for (let x = margin; x < width - margin; x++) dot(x, Math.round(margin + share * (height - 2 * margin)), colours.grid);
  const highest = Math.max(...series.flat().map(([, value]) => value).filter(Number.isFinite), 0) || 1;
  const place = ([atMs, value]: readonly [number, number]) => [Math.round(margin + ((atMs - fromMs) / Math.max(1, toMs - fromMs)) * (width - 2 * margin)), Math.round(height - margin - (value / highest) * (height - 2 * margin))] as const;
  for (const points of series) {
    const shown = points.filter(([, value]) => Number.isFinite(value)).map(place);
    shown.slice(1).forEach(([x, y], index) => {
      const [fromX, fromY] = shown[index] ?? [x, y];
      const steps = Math.max(Math.abs(x - fromX), Math.abs(y - fromY), 1);
      for (let step = 0; step <= steps; step++) for (const thick of [0, 1]) dot(Math.round(fromX + ((x - fromX) * step) / steps), Math.round(fromY + ((y - fromY) * step) / steps) + thick, colours.line);
    });
  }
  return png(width, height, pixels);
}

/** Eight bits each of red, green and blue. Source: https://www.w3.org/TR/png-3/ */
function png(width: number, height: number, pixels: Buffer): Buffer {
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let y = 0; y < height; y++) pixels.copy(rows, y * (width * 3 + 1) + 1, y * width * 3, (y + 1) * width * 3);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "ascii"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
