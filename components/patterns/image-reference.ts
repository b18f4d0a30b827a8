/** Splits "host/name:tag@sha256:…" for showing. What is not there is null; nothing is made up. */
export function readReference(reference: string): { repository: string; tag: string | null; digest: string | null } {
  const at = reference.indexOf("@");
  const digest = at === -1 ? null : reference.slice(at + 1);
  const named = at === -1 ? reference : reference.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  return { repository: hasTag ? named.slice(0, colon) : named, tag: hasTag ? named.slice(colon + 1) : null, digest };
}
