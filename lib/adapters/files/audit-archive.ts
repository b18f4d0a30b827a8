import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { constants, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isArchiveFileName } from "#lib/domain/audit-archive.ts";
import { VigieError } from "#lib/domain/error.ts";
import type { AuditArchive } from "#lib/ports/audit-archive.ts";

/** Files in a folder, readable by their owner alone. Names are made of numbers; nothing else is written, and no link is followed. */
export function createArchiveFolder(given: string): AuditArchive {
  const folder = resolve(given);
  return {
    async write(name, chunks) {
      if (!isArchiveFileName(name)) throw new VigieError("invalid", `"${name.slice(0, 80)}" is no name of an audit archive. It is vigie-audit-<first>-<last>.jsonl.`);
      const path = join(folder, name);
      const part = `${path}.part`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await rm(part, { force: true });
        const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
        const hash = createHash("sha256");
        let bytes = 0;
        try {
          for await (const chunk of chunks) {
            hash.update(chunk, "utf8");
            bytes += (await file.write(chunk)).bytesWritten;
          }
          await file.sync();
        } finally {
          await file.close();
        }
        const sha256 = hash.digest("hex");
        if (await isThere(path)) {
          if ((await sha256OfFile(path)) !== sha256) throw new VigieError("conflict", `${path} exists with other contents. It may be an archive of another log: nothing was archived. Move it away, or archive into another folder.`);
          await rm(part);
        } else {
          await rename(part, path);
          const directory = await open(folder, constants.O_RDONLY);
          await directory.sync().finally(() => directory.close());
        }
        return { path, sha256, bytes };
      } catch (cause) {
        await rm(part, { force: true }).catch(() => undefined);
        if (cause instanceof VigieError || !(cause instanceof Error && "code" in cause)) throw cause;
        throw new VigieError("unavailable", `The archive ${path} cannot be written (${String(cause.code)}). Nothing was archived. Check the folder and its space.`, { cause });
      }
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
