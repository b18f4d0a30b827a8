/** A sample's value as Prometheus writes it: "1.5", "NaN", "+Inf". */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return Object.is(value, -0) ? "-0" : String(value).replace(/e([+-])(\d)$/, "e$10$2");
}
