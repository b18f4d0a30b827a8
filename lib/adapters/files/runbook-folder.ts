import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join, sep } from "node:path";
import { VigieError } from "#lib/domain/error.ts";
import { isRunbookName } from "#lib/domain/runbook.ts";
import type { RunbookFiles } from "#lib/ports/runbook-files.ts";

const maximumBytes = 128 * 1024;

/** Reads `<name>.md` of the folder, at most 128 KiB of UTF-8, never anything outside of it: a name holds no dot and no slash, and a link that leads out is refused. */
export function createRunbookFolder(folder: string): RunbookFiles {
  return {
    async read(name) {
      if (!isRunbookName(name)) return null;
      const path = join(folder, `${name}.md`);
      const refuse = (why: string, cause?: unknown) => new VigieError("invalid", `The runbook ${name}.md cannot be shown: ${why}.`, { cause });
      let file: FileHandle | undefined;
      try {
        const [inside, real] = await Promise.all([realpath(folder), realpath(path)]);
        if (!real.startsWith(inside.endsWith(sep) ? inside : inside + sep)) throw refuse("it is a link that leads out of the folder");
        // A pipe would be waited for.
        file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
        const about = await file.stat();
        if (!about.isFile()) throw refuse("it is no file");
        const buffer = Buffer.alloc(maximumBytes + 1);
        const { bytesRead } = await file.read(buffer, 0, maximumBytes + 1, 0);
        if (bytesRead > maximumBytes) throw refuse(`it is longer than ${maximumBytes / 1024} KiB`);
        return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, bytesRead));
      } catch (cause) {
        const code = cause instanceof Error && "code" in cause ? cause.code : null;
        if (code === "ENOENT" || code === "ENOTDIR") return null;
        if (cause instanceof TypeError) throw refuse("it is not UTF-8", cause);
        if (code === "EACCES" || code === "EPERM") throw refuse("Vigie may not read it", cause);
        if (cause instanceof VigieError) throw cause;
        throw refuse(`reading it failed (${String(code)})`, cause);
      } finally {
        await file?.close();
      }
    },
  };
}
