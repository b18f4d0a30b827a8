import { createPrivateKey, createPublicKey, hash, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import canonicalize from "canonicalize";
import type { Checkpoint, SignedCheckpoint } from "#lib/contracts/checkpoint.ts";
import { VigieError } from "#lib/domain/error.ts";

/** The very bytes that are signed: RFC 8785 canonical JSON of the four members. */
export function checkpointBytes({ origin, size, head, time }: Checkpoint): Buffer {
  return Buffer.from(canonical({ origin, size, head, time }), "utf8");
}

function canonical(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error("an object has a canonical form");
  return text;
}

/** A signed checkpoint as it stands in files and buckets: one line, always the same for the same checkpoint and key. */
export function checkpointLine({ checkpoint, key, signature }: SignedCheckpoint): string {
  return canonical({ checkpoint, key, signature });
}

/** First 16 hex digits of SHA-256 over the key's SPKI form. */
export function keyId(publicKey: KeyObject): string {
  return hash("sha256", publicKey.export({ type: "spki", format: "der" }), "hex").slice(0, 16);
}

/** Makes checkpoints; the private key does not leave it. */
export interface CheckpointSigner {
  keyId: string;
  /** PEM. */
  publicKey: string;
  sign(checkpoint: Checkpoint): SignedCheckpoint;
}

/** From a private key in PEM (PKCS #8). Throws VigieError "invalid" when it is none, or none of Ed25519; the message never holds the key. */
export function createSigner(privatePem: string): CheckpointSigner {
  let key: KeyObject;
  try {
    key = createPrivateKey(privatePem);
  } catch {
    throw new VigieError("invalid", "The key for checkpoints cannot be read. It must be an Ed25519 private key in PEM; `vigie audit key` makes one.");
  }
  if (key.asymmetricKeyType !== "ed25519") throw new VigieError("invalid", `The key for checkpoints is of the kind ${key.asymmetricKeyType ?? "unknown"}, not Ed25519. \`vigie audit key\` makes one.`);
  const publicKey = createPublicKey(key);
  const id = keyId(publicKey);
  return {
    keyId: id,
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: (checkpoint) => ({ checkpoint, key: id, signature: sign(null, checkpointBytes(checkpoint), key).toString("base64") }),
  };
}

export interface CheckpointKey {
  id: string;
  key: KeyObject;
}

/** Public keys of a text: PEM blocks, one or several. Throws VigieError "invalid" when there is none of Ed25519; a private key is refused, so that nobody gets used to handing it around. */
export function readPublicKeys(text: string): CheckpointKey[] {
  if (text.includes("PRIVATE KEY")) throw new VigieError("invalid", "This is a private key. Verification takes the public one (`vigie audit public-key`); keep the private one to yourself.");
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g) ?? [];
  const keys = blocks.map((block) => {
    try {
      return createPublicKey(block);
    } catch {
      throw new VigieError("invalid", "The public key cannot be read. It must be an Ed25519 key in PEM, as `vigie audit public-key` prints it.");
    }
  });
  if (keys.length === 0 || keys.some((key) => key.asymmetricKeyType !== "ed25519")) throw new VigieError("invalid", "There is no Ed25519 public key in PEM here. `vigie audit public-key` prints it.");
  return keys.map((key) => ({ id: keyId(key), key }));
}

/** Whether one of these keys signed exactly this. */
export function isSigned({ checkpoint, key, signature }: SignedCheckpoint, keys: readonly CheckpointKey[]): boolean {
  const known = keys.find(({ id }) => id === key);
  return known !== undefined && verify(null, checkpointBytes(checkpoint), known.key, Buffer.from(signature, "base64"));
}
