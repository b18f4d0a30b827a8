export interface Challenge {
  scheme: "bearer" | "basic";
  parameters: Record<string, string>;
}

/**
 * The first challenge we can answer in a WWW-Authenticate header, bearer before basic; null when there is none.
 * Grammar: RFC 9110, 11.6.1 (token68 and parameters without quotes are accepted too).
 */
export function parseChallenge(header: string | undefined): Challenge | null {
  if (header === undefined || header.length > 4096) return null;
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const pattern = /(?:^|[\s,])(?:(?<scheme>[A-Za-z][\w-]*)(?=\s+[A-Za-z]|\s*$|\s*,))|(?<key>[A-Za-z][\w-]*)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s",]+))/g;
  for (const { groups } of header.matchAll(pattern)) {
    if (groups?.scheme !== undefined) challenges.push({ scheme: groups.scheme.toLowerCase(), parameters: {} });
    else if (groups?.key !== undefined) {
      const current = challenges.at(-1);
      const value = groups.quoted?.replaceAll(/\\(.)/g, "$1") ?? groups.plain ?? "";
      if (current !== undefined) current.parameters[groups.key.toLowerCase()] = value;
    }
  }
  for (const scheme of ["bearer", "basic"] as const) {
    const found = challenges.find((challenge) => challenge.scheme === scheme);
    if (found !== undefined) return { scheme, parameters: found.parameters };
  }
  return null;
}
