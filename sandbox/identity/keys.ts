import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "oidc-provider";
import { z } from "zod";

const keysSchema = z.object({ signing: z.looseObject({ kty: z.literal("RSA"), kid: z.string(), d: z.string() }), cookies: z.array(z.string()).min(1) });

/** The provider's signing key and cookie secrets, made once and kept in `dataDir` so that tokens outlive a restart. Throws when the file is damaged. */
export function loadKeys(dataDir: string): { jwks: { keys: JWK[] }; cookieKeys: string[] } {
  const file = join(dataDir, "identity-keys.json");
  if (!existsSync(file)) writeKeys(dataDir, file);
  try {
    const { signing, cookies } = keysSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    // The schema keeps all members of the JWK; only those it names are typed.
    return { jwks: { keys: [signing as JWK] }, cookieKeys: cookies };
  } catch (cause) {
    throw new Error(`The sign-in keys in ${file} cannot be read. Remove that file: new keys are made and everyone signs in again.`, { cause });
  }
}

function writeKeys(dataDir: string, file: string): void {
  mkdirSync(dataDir, { recursive: true });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signing = { ...privateKey.export({ format: "jwk" }), kid: randomBytes(8).toString("hex"), use: "sig", alg: "RS256" };
  writeFileSync(`${file}.new`, JSON.stringify({ signing, cookies: [randomBytes(32).toString("base64url")] }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
