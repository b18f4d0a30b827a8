const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };
const durationPattern = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Milliseconds of "1h30m"; undefined for what is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = durationPattern.exec(text);
  if (match === null || text === "") return undefined;
  return ["y", "w", "d", "h", "m", "s", "ms"].reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * (units[unit] ?? 0), 0);
}

/** Undefined for what Prometheus 2 does not take for a number, durations among them. */
export function parseNumber(text: string): number | undefined {
  const plain = text.replaceAll(/\s/g, "");
  const sign = plain.startsWith("-") ? -1 : 1;
  const digits = plain.replace(/^[+-]/, "").toLowerCase();
  if (digits === "inf") return sign * Number.POSITIVE_INFINITY;
  if (digits === "nan") return Number.NaN;
  if (/^0x[0-9a-f]+$/.test(digits) || /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/.test(digits)) return sign * Number(digits);
  return undefined;
}

const escapes: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\", "'": "'", '"': '"' };

/** The text of a string literal with Go's escapes; undefined when it is not closed or has an escape that Go does not know. */
export function parseString(literal: string): string | undefined {
  const quote = literal[0];
  if (literal.length < 2 || quote === undefined || !literal.endsWith(quote)) return undefined;
  const inner = literal.slice(1, -1);
  if (quote === "`") return inner;
  let bad = false;
  const text = inner.replaceAll(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs, (whole, code: string) => {
    const simple = escapes[code];
    if (simple !== undefined) return simple;
    if (/^[xuU]./.test(code) && code.length > 1) return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(code.slice(1), 16)));
    if (/^[0-7]{3}$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    bad = true;
    return whole;
  });
  return bad || inner.includes("\n") ? undefined : text;
}

/** A Go regular expression that must match all of a label's value. Throws SyntaxError for one that is none here. */
export function anchored(source: string): RegExp {
  const flags = /^\(\?([ims]+)\)/.exec(source);
  const body = flags === null ? source : source.slice(flags[0].length);
  return new RegExp(`^(?:${body.replaceAll("(?P<", "(?<")})$`, `u${flags?.[1] ?? ""}`);
}
