import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { readCheckpointLine } from "#lib/contracts/checkpoint-line.ts";
import { checkpointLine } from "#lib/domain/checkpoint.ts";
import { DeliveryError } from "#lib/ports/checkpoints.ts";
import type { CheckpointPlace } from "#lib/ports/checkpoints.ts";

/** Longer than any line. */
const tailBytes = 4_096;

/**
 * A file of JSON Lines that is only ever appended to, and synchronised with the disk before the checkpoint counts as delivered. A line that a crash tore is completed.
 * A file that ends with a checkpoint of more entries contradicts the log (it was cut, or an old backup restored): nothing is added then.
 */
export function createFilePlace(name: string, path: string): CheckpointPlace {
  return {
    name,
    async put(signed) {
      const line = `${checkpointLine(signed)}\n`;
      let file: FileHandle | null = null;
      try {
        file = await open(path, "a+", 0o644);
        const { size } = await file.stat();
        const addition = additionTo(await tailOf(file, size), line, signed.checkpoint.size, path);
        if (addition !== "") await file.appendFile(addition, "utf8");
        await file.sync();
        if (size === 0) await syncFolder(dirname(path));
      } catch (cause) {
        if (cause instanceof DeliveryError) throw cause;
        const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
        throw new DeliveryError(`${path} cannot be written to (${code === "ENOENT" ? "its folder does not exist" : code === "EACCES" || code === "EROFS" ? "this user may not" : code === "ENOSPC" ? "the disk is full" : code}).`, { cause });
      } finally {
        await file?.close();
      }
    },
  };
}

async function tailOf(file: FileHandle, size: number): Promise<string> {
  const length = Math.min(size, tailBytes);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString("utf8", 0, bytesRead);
}

/** What is to be written after the end of the file so that `line` is its last line, once. */
function additionTo(tail: string, line: string, size: number, path: string): string {
  if (tail === "" || tail === line || tail.endsWith(`\n${line}`)) return tail === "" ? line : "";
  const torn = tail.slice(tail.lastIndexOf("\n") + 1);
  if (torn !== "" && line.startsWith(torn)) return line.slice(torn.length);
  const whole = tail.slice(0, tail.length - torn.length).trimEnd();
  const last = readCheckpointLine(whole.slice(whole.lastIndexOf("\n") + 1));
  if (last !== null && last.checkpoint.size > size) {
    throw new DeliveryError(`${path} ends with a checkpoint of ${last.checkpoint.size} entries (${last.checkpoint.time}), but the log has ${size}: the log was cut, or an old backup was restored. Keep that file as evidence, and name a new one once you know why.`, { conflict: true });
  }
  return torn === "" ? line : `\n${line}`;
}

/** A new file is safe once its folder says so, too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
