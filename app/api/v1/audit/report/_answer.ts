const types = { csv: "text/csv; charset=utf-8; header=present", md: "text/markdown; charset=utf-8" } as const;

/** A report as a file to keep. The month was parsed: it is digits and a dash, so the name leads nowhere. */
export function reportAnswer(text: string, month: string, form: keyof typeof types): Response {
  return new Response(text, { headers: { "content-type": types[form], "content-disposition": `attachment; filename="vigie-audit-${month}.${form}"`, "cache-control": "no-store", "x-content-type-options": "nosniff" } });
}
