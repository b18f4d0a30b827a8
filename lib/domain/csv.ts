/**
 * One field of a CSV file (RFC 4180), always in quotes. A text that a spreadsheet would take for a formula or a command gets an apostrophe
 * in front, which spreadsheets show as text (OWASP, "CSV Injection": = + - @ tab and carriage return, also in their full-width forms and after spaces).
 */
export function csvField(value: string | number | null): string {
  if (value === null) return '""';
  const text = typeof value === "number" ? String(value) : defused(value);
  return `"${text.replaceAll('"', '""')}"`;
}

/** One line, with its end. */
export function csvLine(fields: readonly (string | number | null)[]): string {
  return `${fields.map(csvField).join(",")}\r\n`;
}

function defused(text: string): string {
  return /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text;
}
