/** Prisma's codes for a server that cannot be reached or has no room, and those of the network and of PostgreSQL shutting down or failing over. */
const awayCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "EPIPE", "57P01", "57P02", "57P03", "53300", "53100", "08001", "08003", "08006", "25006", "57014"]);
const awayKinds = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TooManyConnections", "TransactionWriteConflict"]);

/** Whether an error says that the database cannot be reached or refuses to work now (down, full, failing over, too slow), so that the same may succeed later. */
export function isDatabaseAway(error: unknown, depth = 0): boolean {
  if (typeof error !== "object" || error === null || depth > 6) return false;
  const { code, kind, originalCode, message } = error as { code?: unknown; kind?: unknown; originalCode?: unknown; message?: unknown };
  if ([code, originalCode].some((value) => typeof value === "string" && awayCodes.has(value)) || (typeof kind === "string" && awayKinds.has(kind))) return true;
  if (typeof message === "string" && /connection terminated|connection error and is not queryable|timeout exceeded when trying to connect|Can't reach database server/i.test(message)) return true;
  const { cause, meta } = error as { cause?: unknown; meta?: { driverAdapterError?: unknown } };
  return isDatabaseAway(cause, depth + 1) || isDatabaseAway(meta?.driverAdapterError, depth + 1);
}

/** What people and programs are told then. */
export const databaseAwaySentence = "Vigie cannot reach its database, so nothing was done. Try again in a minute.";
