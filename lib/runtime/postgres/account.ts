import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";

/** PostgreSQL refuses to run as root; then it runs as nobody, from folders nobody can reach. */
const unprivilegedId = 65534;

export interface Account {
  uid?: number;
  gid?: number;
}

export function serverAccount(): Account {
  return process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
}

/** Whether an account that owns nothing on the way may enter every folder from / to `path`. */
function reachable(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/**
 * Folder for the server's data. Below `folder` when the server's account can reach it; else (root with a private home folder)
 * in /var/lib/vigie, with a link left at `folder`.
 */
export function dataFolder(folder: string, account: Account): string {
  if (account.uid === undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
  let place = folder;
  if (!reachable(dirname(folder))) {
    place = join("/var/lib/vigie", createHash("sha256").update(folder).digest("hex").slice(0, 16));
    if (existsSync(folder) && !lstatSync(folder).isSymbolicLink()) rmSync(folder, { recursive: true });
    // Without its link the home folder was thrown away: what it held is put aside, not brought back.
    if (!existsSync(folder) && existsSync(place)) {
      rmSync(`${place}.old`, { recursive: true, force: true });
      renameSync(place, `${place}.old`);
    }
    mkdirSync(place, { recursive: true });
    chmodSync("/var/lib/vigie", 0o755);
    if (!existsSync(folder)) {
      mkdirSync(dirname(folder), { recursive: true });
      rmSync(folder, { force: true });
      symlinkSync(place, folder);
    }
  } else mkdirSync(place, { recursive: true });
  chownSync(place, unprivilegedId, unprivilegedId);
  chmodSync(place, 0o700);
  return place;
}

/** The binaries themselves, or a copy of them where the server's account can reach it. */
export function reachableBinaries(binaries: string, data: string, account: Account): string {
  if (account.uid === undefined || reachable(binaries)) return binaries;
  const copy = join(data, "binaries");
  if (!existsSync(join(copy, "complete"))) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(binaries, copy, { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(copy, "complete"));
  }
  return copy;
}
