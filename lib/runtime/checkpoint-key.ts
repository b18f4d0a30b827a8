import { generateKeyPairSync } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { home } from "#lib/runtime/home.ts";

/** The private key that checkpoints are signed with (PEM): what the configuration refers to, or one made once and kept in the home folder, readable by this user alone. */
export function checkpointKey(reference: string | undefined, secretOf: (reference: string) => string): string {
  if (reference !== undefined) return secretOf(reference);
  const file = join(home(), "audit-checkpoint-key.pem");
  for (;;) {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
    }
    makeKey(file);
  }
}

/** Written whole under another name first: two processes that start at once must not read half a key, nor make two. */
function makeKey(file: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
