/** Where source code lives: host, owner and name of a repository as GitHub and its likes have them. */
export interface SourceRepository {
  host: string;
  owner: string;
  name: string;
}

const part = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Reads "owner/name" (on GitHub), an address, or Git's "git@host:owner/name.git". Null for anything else: it came from an image's label, which anybody may write. */
export function parseRepository(text: string): SourceRepository | null {
  const ssh = /^git@([a-z0-9.-]+):(.+)$/i.exec(text);
  const url = ssh === null && text.includes("://") ? URL.parse(text) : null;
  if (url !== null && !["https:", "http:", "git:", "ssh:", "git+https:"].includes(url.protocol)) return null;
  const host = ssh?.[1] ?? (url === null ? "github.com" : url.host);
  const path = ssh?.[2] ?? (url === null ? text : url.pathname.replace(/^\//, ""));
  const [owner = "", name = "", ...rest] = path.replace(/\/$/, "").replace(/\.git$/, "").split("/");
  if (text.includes("://") && url === null) return null;
  return rest.length === 0 && host !== "" && part.test(owner) && part.test(name) ? { host: host.toLowerCase(), owner, name } : null;
}

/** A page that shows what is between two commits, or one commit when the other is not known. Null when these are no commit ids. */
export function compareUrl({ host, owner, name }: SourceRepository, from: string | null, to: string): string | null {
  if (!isRevision(to) || (from !== null && !isRevision(from))) return null;
  return `https://${host}/${owner}/${name}/${from === null ? `commit/${to}` : `compare/${from}...${to}`}`;
}

/** A commit id of Git, SHA-1 or SHA-256, shortened or not. */
export function isRevision(text: string): boolean {
  return /^[0-9a-f]{7,64}$/i.test(text);
}
