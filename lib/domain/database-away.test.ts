import { expect, test } from "vitest";
import { isDatabaseAway } from "#lib/domain/database-away.ts";

test.each([
  ["a connection that broke in the middle of a transaction", new Error("Client has encountered a connection error and is not queryable")],
  ["a connection that ended", new Error("Connection terminated unexpectedly")],
  ["a server that shuts down", Object.assign(new Error("terminating connection due to administrator command"), { code: "57P01" })],
  ["the same deep inside", new Error("outer", { cause: new Error("inner", { cause: { kind: "ConnectionClosed" } }) })],
])("%s is the database being away", (_what, error) => expect(isDatabaseAway(error)).toBe(true));

test.each([["a mistake in a query", Object.assign(new Error("syntax error"), { code: "42601" })], ["nothing", null], ["a text", "Connection terminated"]])("%s is not", (_what, error) => expect(isDatabaseAway(error)).toBe(false));
