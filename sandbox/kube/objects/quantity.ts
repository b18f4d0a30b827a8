const binary: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };
const decimal: Record<string, number> = { n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };

/** A Kubernetes quantity as a plain number: "250m" is 0.25, "64Mi" is 67108864. Text that is no quantity counts as 0. */
export function parseQuantity(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  if (typeof quantity === "number") return quantity;
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$/.exec(quantity.trim());
  if (!match) return 0;
  const unit = match[2] ?? "";
  return Number(match[1]) * (binary[unit] ?? decimal[unit] ?? 0);
}

/** Processor quantities in thousandths of a core: "1" is 1000. */
export function milliCpu(quantity: string | number | undefined): number {
  return Math.round(parseQuantity(quantity) * 1000);
}

/** The shortest usual form: thousandths of a core as "250m" or "2", bytes with the largest binary unit that leaves no fraction. */
export function cpuText(milli: number): string {
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}

export function bytesText(bytes: number): string {
  const unit = Object.entries(binary).findLast(([, size]) => bytes >= size && bytes % size === 0);
  return unit ? `${bytes / unit[1]}${unit[0]}` : String(bytes);
}

/** A number or a percentage of `total`. Surge rounds up, unavailability rounds down, as the Deployment API defines. */
export function resolveIntOrPercent(value: number | string | undefined, total: number, round: "up" | "down"): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value);
  if (!percent) return Number.parseInt(value, 10) || 0;
  const exact = (Number(percent[1]) * total) / 100;
  return round === "up" ? Math.ceil(exact) : Math.floor(exact);
}
