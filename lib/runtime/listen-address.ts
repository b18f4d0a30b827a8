import { isIP } from "node:net";
import { VigieError } from "#lib/domain/error.ts";

/** HOST (127.0.0.1 when unset) and PORT (3000 when unset). Throws VigieError "invalid" for a port that is none. */
export function listenAddress(): { host: string; port: number } {
  const host = process.env.HOST ?? "127.0.0.1";
  const text = process.env.PORT ?? "3000";
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port < 1 || port > 65_535) throw new VigieError("invalid", `PORT is "${text}"; it must be a number from 1 to 65535.`);
  return { host, port };
}

export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "[::1]") return true;
  return isIP(host) === 4 ? host.startsWith("127.") : host === "::1";
}
