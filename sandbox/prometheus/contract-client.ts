import { expect } from "vitest";

export interface Answer {
  status: number;
  body: { status: string; errorType?: string; error?: string; data?: unknown; warnings?: string[] };
}

type Pair = [number, string];
interface Row {
  metric: Record<string, string>;
  value?: Pair;
  values?: Pair[];
}

export interface ApiClient {
  get(path: string, parameters?: Record<string, string | string[]>): Promise<Answer>;
  post(path: string, parameters?: Record<string, string | string[]>): Promise<Answer>;
}

/** Asks the HTTP API v1 at an address. */
export function apiClient(baseUrl: string): ApiClient {
  const form = (parameters: Record<string, string | string[]>) => new URLSearchParams(Object.entries(parameters).flatMap(([name, value]) => [value].flat().map((one) => [name, one])));
  async function read(response: Response): Promise<Answer> {
    const text = await response.text();
    try {
      return { status: response.status, body: JSON.parse(text) };
    } catch {
      return { status: response.status, body: { status: text } };
    }
  }
  return {
    get: async (path, parameters = {}) => read(await fetch(`${baseUrl}/api/v1/${path}?${form(parameters).toString()}`)),
    post: async (path, parameters = {}) => read(await fetch(`${baseUrl}/api/v1/${path}`, { method: "POST", body: form(parameters) })),
  };
}

const keyOf = (metric: Record<string, string>) => JSON.stringify(Object.entries(metric).toSorted(([left], [right]) => (left < right ? -1 : 1)));

/** Rows in the order of their labels, unless the order is what is asked for. */
function rowsOf(data: unknown, ordered: boolean): { type: string; rows: { key: string; pairs: Pair[] }[] } {
  const { resultType, result } = data as { resultType: string; result: Row[] | Pair };
  if (resultType === "scalar" || resultType === "string") return { type: resultType, rows: [{ key: "", pairs: [result as Pair] }] };
  const rows = (result as Row[]).map((row) => ({ key: keyOf(row.metric), pairs: row.values ?? (row.value ? [row.value] : []) }));
  return { type: resultType, rows: ordered ? rows : rows.toSorted((left, right) => (left.key < right.key ? -1 : 1)) };
}

function numberOf(text: string): number {
  return text === "+Inf" ? Number.POSITIVE_INFINITY : text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}

/** Same type, same series, same times, and values that differ by rounding at most. */
export function expectSameData(actual: unknown, wanted: unknown, { ordered = false, relative = 1e-9 }: { ordered?: boolean; relative?: number } = {}): void {
  const [left, right] = [rowsOf(actual, ordered), rowsOf(wanted, ordered)];
  expect(left.type).toBe(right.type);
  expect(left.rows.map((row) => row.key)).toEqual(right.rows.map((row) => row.key));
  for (const [index, row] of left.rows.entries()) {
    const other = right.rows[index]?.pairs ?? [];
    expect(row.pairs.map(([at]) => at), row.key).toEqual(other.map(([at]) => at));
    for (const [place, [at, text]] of row.pairs.entries()) {
      const wantedText = other[place]?.[1] ?? "";
      if (left.type === "string" || text === wantedText) continue;
      const [value, wantedValue] = [numberOf(text), numberOf(wantedText)];
      const near = Math.abs(value - wantedValue) <= relative * Math.max(1e-9, Math.abs(wantedValue));
      expect(near, `${row.key} at ${at}: ${text} is not ${wantedText}`).toBe(true);
    }
  }
}
