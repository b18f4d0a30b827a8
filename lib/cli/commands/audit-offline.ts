import { generateKeyPairSync } from "node:crypto";
import { createReadStream, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createOfflineVerifier } from "#lib/domain/audit-offline.ts";
import type { OfflineVerification } from "#lib/domain/audit-offline.ts";
import { createCheckpointList } from "#lib/domain/checkpoint-list.ts";
import type { CheckpointList } from "#lib/domain/checkpoint-list.ts";
import { createSigner, readPublicKeys } from "#lib/domain/checkpoint.ts";
import type { CheckpointKey } from "#lib/domain/checkpoint.ts";
import { isVigieError } from "#lib/domain/error.ts";
import { readCheckpointLine } from "#lib/contracts/checkpoint-line.ts";
import type { CheckpointFinding } from "#lib/contracts/checkpoint.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { inert, toned, writeJson } from "#lib/cli/output.ts";
import type { Output } from "#lib/cli/output.ts";

export interface OfflineFiles {
  export: string;
  /** A file of checkpoints, or a folder of them as it was copied out of a bucket. */
  checkpoints?: string;
  publicKey?: string;
  /** First entry of the export, when it is a part of the log on purpose. */
  from?: number;
}

/** Everything that an offline verification found. */
interface Found extends OfflineVerification {
  checkpoints: { checked: number; origin: string | null; newest: { size: number; time: string } | null; firstBad: CheckpointFinding | null };
}

/**
 * Verifies an export with files alone: no portal, no database, no network. Names the first bad entry or checkpoint. Ends with 1 when something does not hold.
 * Throws CommandEnd when a file cannot be read.
 */
export async function verifyOffline(output: Output, files: OfflineFiles): Promise<number> {
  if ((files.checkpoints === undefined) !== (files.publicKey === undefined)) throw usage("--checkpoints and --public-key belong together: without the key a checkpoint proves nothing.");
  const keys = files.publicKey === undefined ? [] : publicKeys(files.publicKey);
  const list = createCheckpointList(keys);
  const checkpointBad = files.checkpoints === undefined ? null : believe(list, files.checkpoints);
  const verifier = createOfflineVerifier(list, files.from);
  await eachLine(files.export, (line) => verifier.push(line) === null);
  const result = verifier.end();
  const newest = list.newest()?.checkpoint ?? null;
  const found: Found = { ...result, valid: result.valid && checkpointBad === null, checkpoints: { checked: list.count(), origin: newest?.origin ?? null, newest: newest === null ? null : { size: newest.size, time: newest.time }, firstBad: checkpointBad } };
  if (output.json) writeJson(output, found);
  else tell(output, found, files);
  return found.valid ? exitCodes.done : exitCodes.failed;
}

function tell(output: Output, { valid, entries, from, head, firstBad, anchored, covered, checkpoints }: Found, files: OfflineFiles): void {
  if (firstBad !== null) output.write(`${toned(output, "bad", `Entry ${firstBad.sequence} is not what was written`)} (${firstBad.fault}). ${inert(firstBad.evidence)}\n`);
  if (checkpoints.firstBad !== null) output.write(`${toned(output, "bad", `Checkpoint ${checkpoints.firstBad.line} cannot be believed`)} (${checkpoints.firstBad.fault}). ${inert(checkpoints.firstBad.evidence)}\n`);
  if (!valid) return;
  output.write(`${toned(output, "ok", "The chain holds")}: ${entries} entries${from === null ? "" : `, ${from} to ${head.sequence} (${head.hash})`}.\n`);
  if (files.checkpoints === undefined) output.write("No checkpoints were given: that the end was not cut off, and that not everything was written anew, is not proven. Give --checkpoints and --public-key.\n");
  else if (checkpoints.newest === null) output.write(`${toned(output, "warn", "There is no checkpoint")} in ${inert(files.checkpoints)}: nothing signed vouches for these entries.\n`);
  else output.write(`${checkpoints.checked} checkpoints of ${checkpoints.origin ?? ""} hold; the newest is of ${checkpoints.newest.time} and has ${checkpoints.newest.size} entries.${covered < head.sequence ? ` Entries ${covered + 1} to ${head.sequence} came after it: they hang together, but nothing signed vouches for them yet.` : ""}\n`);
  if (!anchored && from !== null) output.write(`The export begins with entry ${from}, and no checkpoint has ${from - 1} entries: what stood before it is not proven.\n`);
}

/** Pushes every checkpoint of the file or folder; the first that is not to be believed. */
function believe(list: CheckpointList, path: string): CheckpointFinding | null {
  for (const line of checkpointLines(path)) {
    const bad = list.push(readCheckpointLine(line));
    if (bad !== null) return bad;
  }
  return null;
}

/** Lines of a file; of a folder, those of the .json files in it, by name, which is by size and time. */
function checkpointLines(path: string): string[] {
  const folder = attempt(path, () => statSync(path).isDirectory());
  const names = folder ? readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json")).sort() : [];
  const texts = folder ? names.map((name) => attempt(join(path, name), () => readFileSync(join(path, name), "utf8"))) : [attempt(path, () => readFileSync(path, "utf8"))];
  return texts.flatMap((text) => text.split("\n").filter((line) => line.trim() !== ""));
}

/** Hands over the lines of a file until `take` answers false. Empty lines are none. */
async function eachLine(path: string, take: (line: string) => boolean): Promise<void> {
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 20 });
  let rest = "";
  try {
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "" && !take(line)) return;
    }
    if (rest.trim() !== "") take(rest);
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    stream.destroy();
  }
}

function publicKeys(path: string): CheckpointKey[] {
  const text = attempt(path, () => readFileSync(path, "utf8"));
  try {
    return readPublicKeys(text);
  } catch (cause) {
    if (!isVigieError(cause)) throw cause;
    throw new CommandEnd(exitCodes.refused, "usage", `${path}: ${cause.message}`, { cause });
  }
}

/** Makes a key pair: the private key goes into a new file that only this user can read, the public one to standard output. */
export async function makeKey(output: Output, file: string): Promise<number> {
  const privateKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  try {
    writeFileSync(file, privateKey, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    throw exists ? usage(`${file} is there already, and a key is never overwritten: what it signed could not be verified any more. Name another file.`) : unreadable(file, cause);
  }
  const { publicKey, keyId } = createSigner(privateKey);
  if (output.json) writeJson(output, { id: keyId, publicKey });
  else output.write(publicKey);
  output.note(`The private key is in ${file}: give it to the worker by audit.checkpoints.key (file:… or env:…) and to nobody else. Above is the public key ${keyId}: keep it where Vigie's administrators cannot change it.\n`);
  return exitCodes.done;
}

/** The public key of a private key's file. */
export async function publicKeyOf(output: Output, file: string): Promise<number> {
  const text = attempt(file, () => readFileSync(file, "utf8"));
  try {
    const { publicKey, keyId } = createSigner(text);
    if (output.json) writeJson(output, { id: keyId, publicKey });
    else output.write(publicKey);
    return exitCodes.done;
  } catch (cause) {
    if (!isVigieError(cause)) throw cause;
    throw new CommandEnd(exitCodes.refused, "usage", `${file}: ${cause.message}`, { cause });
  }
}

function attempt<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): CommandEnd {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return usage(`${path} cannot be used (${code === "ENOENT" ? "there is no such file" : code}).`);
}

function usage(message: string): CommandEnd {
  return new CommandEnd(exitCodes.refused, "usage", message);
}
