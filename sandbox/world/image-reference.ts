/** An image reference, normalised as container runtimes do it: host and `library/` filled in, `latest` where neither tag nor digest is given. */
export interface ImageReference {
  repository: string;
  tag?: string;
  digest?: string;
}

// Grammar: https://github.com/distribution/reference (regexp.go), digests limited to sha256.
const pathComponent = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const pattern = new RegExp(`^(?:([a-zA-Z0-9.-]+(?::\\d+)?)/)?(${pathComponent}(?:/${pathComponent})*)(?::(\\w[\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`);

/** Undefined when the text is not an image reference. */
export function parseImageReference(text: string): ImageReference | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, first, rest, tag, digest] = match;
  if (rest === undefined) return undefined;
  const reference: ImageReference = { repository: withHost(first, rest) };
  if (digest !== undefined) reference.digest = digest;
  if (tag !== undefined) reference.tag = tag;
  else if (digest === undefined) reference.tag = "latest";
  return reference;
}

function withHost(first: string | undefined, rest: string): string {
  if (first === undefined) return `docker.io/library/${rest}`;
  const isHost = first === "localhost" || first.includes(".") || first.includes(":");
  return isHost ? `${first}/${rest}` : `docker.io/${first}/${rest}`;
}
