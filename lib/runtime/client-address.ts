import { isIP } from "node:net";

/**
 * Where a request came from, for the audit log and for limits; never for deciding who may do what. Next writes the socket's address into
 * X-Forwarded-For when no proxy did; a proxy appends what it saw, so only the last one is not the caller's own invention.
 */
export function clientAddress(request: Request): string {
  const last = request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() ?? "";
  const address = last.replace(/^::ffff:/, "");
  return isIP(address) === 0 ? "an unknown address" : address;
}
