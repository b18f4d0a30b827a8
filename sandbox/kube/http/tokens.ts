import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { isRecord } from "#sandbox/kube/objects/json.ts";
import { writePrivate } from "#sandbox/kube/http/tls.ts";

export const USERS = ["admin", "reader", "writer"] as const;
export type User = (typeof USERS)[number];

export interface Tokens {
  tokenOf(user: User): string;
  userOf(token: string): User | undefined;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Bearer tokens of the three users, made once and kept in `folder`/tokens.json. */
export function loadTokens(folder: string): Tokens {
  const file = join(folder, "tokens.json");
  let saved: unknown;
  try {
    saved = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw new Error(`${file} cannot be read as JSON; remove it to get new tokens`, { cause: error });
  }
  const known = isRecord(saved) ? saved : {};
  const tokens = new Map<User, string>();
  for (const user of USERS) {
    const token = known[user];
    tokens.set(user, typeof token === "string" && token.length >= 32 ? token : `${user}-${randomBytes(24).toString("base64url")}`);
  }
  writePrivate(file, JSON.stringify(Object.fromEntries(tokens), null, 2));
  const digests = [...tokens].map(([user, token]) => ({ user, expected: digest(token) }));
  return {
    tokenOf: (user) => tokens.get(user) ?? "",
    userOf(token) {
      const given = digest(token);
      return digests.find(({ expected }) => timingSafeEqual(given, expected))?.user;
    },
  };
}

/** A kubeconfig file for one user. */
export function kubeconfigText(url: string, caPem: string, user: User, token: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "sandbox",
    clusters: [{ name: "sandbox", cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") } }],
    contexts: [{ name: "sandbox", context: { cluster: "sandbox", user, namespace: "default" } }],
    users: [{ name: user, user: { token } }],
  }, { lineWidth: 0 });
}
