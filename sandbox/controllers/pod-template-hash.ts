import { safeEncode } from "#sandbox/controllers/object-keys.ts";

export const podTemplateHashLabel = "pod-template-hash";

/** JSON with sorted keys; fields that are absent, null or empty count the same, as Kubernetes' semantic equality has it. */
function canonical(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : `[${value.map((item) => canonical(item) ?? "null").join(",")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)).flatMap(([key, field]) => {
    const text = canonical(field);
    return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`];
  });
  return `{${fields.join(",")}}`;
}

interface Template {
  metadata?: { labels?: Record<string, string> } & Record<string, unknown>;
  [field: string]: unknown;
}

function withoutHash(template: Template): string {
  const { [podTemplateHashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return canonical({ ...template, metadata: { ...template.metadata, labels } }) ?? "";
}

/** Whether two pod templates are the same but for the hash label a ReplicaSet adds. */
export function sameTemplate(left: Template, right: Template): boolean {
  return withoutHash(left) === withoutHash(right);
}

/** FNV-1a over the template (and the collision count), spelled in the letters of generated names. */
export function podTemplateHash(template: Template, collisionCount = 0): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${withoutHash(template)}${collisionCount || ""}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return safeEncode(String(hash));
}
