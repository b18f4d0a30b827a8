/** Search parameters as Next hands them over: a key that stands there twice is a list, and then the first counts. */
export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** One value per key, without the empty ones that a form by GET leaves behind. */
export async function single(params: SearchParams): Promise<Record<string, string>> {
  const entries = Object.entries(await params).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined && entry[1] !== ""));
}

/** An address with the parameters that are set. */
export function hrefWith(path: string, params: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams(Object.entries(params).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])));
  return search.size === 0 ? path : `${path}?${search}`;
}
