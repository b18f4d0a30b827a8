import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { VigieError } from "#lib/domain/error.ts";
import { rememberSecret } from "#lib/domain/redact.ts";
import { home } from "#lib/runtime/home.ts";

/**
 * Resolves `env:NAME` or `file:path` (relative to `baseFolder`). The value goes to the adapter that needs it and nowhere else.
 * Throws VigieError "invalid" that names the reference, never the value.
 */
export function resolveSecret(reference: string, baseFolder: string): string {
  const [scheme, rest] = [reference.slice(0, reference.indexOf(":")), reference.slice(reference.indexOf(":") + 1)];
  if (scheme === "env") {
    const value = process.env[rest];
    if (value === undefined || value === "") throw new VigieError("invalid", `The configuration refers to the environment variable ${rest}, which is not set. Set it and start again.`);
    rememberSecret(value);
    return value;
  }
  const path = resolve(baseFolder, rest);
  try {
    const value = readFileSync(path, "utf8").trim();
    if (value === "") throw new Error("empty");
    rememberSecret(value);
    return value;
  } catch (cause) {
    throw new VigieError("invalid", `The configuration refers to the file ${rest}, which cannot be read or is empty. Write the secret into it and start again.`, { cause });
  }
}

/** NEXTAUTH_SECRET, where it is set. Throws VigieError "invalid" when it could be guessed. */
export function givenPortalSecret(): string | undefined {
  const given = process.env.NEXTAUTH_SECRET;
  if (given !== undefined && given.length < 32) throw new VigieError("invalid", "NEXTAUTH_SECRET is shorter than 32 characters. Use a random value, for instance of `openssl rand -base64 32`.");
  return given;
}

/** Key that signs this portal's cookies: NEXTAUTH_SECRET, or one made once and kept in the home folder. */
export function portalSecret(): string {
  const given = givenPortalSecret();
  if (given !== undefined) {
    rememberSecret(given);
    return given;
  }
  const file = join(home(), "portal-secret");
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  const kept = readFileSync(file, "utf8").trim();
  rememberSecret(kept);
  return kept;
}

/** Passwords that stand in the environment itself, remembered so that no output shows them. */
export function rememberEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of ["DATABASE_URL", "VIGIE_MIGRATION_URL"]) {
    const password = URL.parse(env[name] ?? "")?.password ?? "";
    for (const form of [password, decoded(password)]) rememberSecret(form);
  }
  rememberSecret(env.VIGIE_BOOTSTRAP_TOKEN ?? "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
