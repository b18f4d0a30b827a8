import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type * as SignedOut from "#components/query/signed-out.ts";

const assign = vi.fn();
const sessions = vi.fn();
let signedOut: typeof SignedOut;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  vi.stubGlobal("location", { assign, pathname: "/audit", search: "?range=7d" });
  vi.stubGlobal("fetch", sessions);
  signedOut = await import("#components/query/signed-out.ts");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});
const holding = (personId: string | null) => sessions.mockImplementation(() => Promise.resolve(personId === null ? new Response("", { status: 401 }) : Response.json({ sessions: [{ current: true, personId }] })));

test("a session that ended by itself leads to sign-in, with the way back", async () => {
  holding(null);
  await signedOut.afterSignedOut("u-1");
  expect(assign.mock.calls).toEqual([["/sign-in?error=ended&callbackUrl=%2Faudit%3Frange%3D7d"]]);
});

test("whoever has signed in again meanwhile stays, and anybody else does not", async () => {
  holding("u-1");
  await signedOut.afterSignedOut("u-1");
  expect(assign).not.toHaveBeenCalled();
  holding("u-2");
  await signedOut.afterSignedOut("u-1");
  expect(assign).toHaveBeenCalledOnce();
});

test("whoever signs out is not told that the session has ended, and is not kept when no answer comes", async () => {
  holding(null);
  signedOut.expectSignedOut();
  await signedOut.afterSignedOut("u-1");
  vi.advanceTimersByTime(4_900);
  expect(assign).not.toHaveBeenCalled();
  vi.advanceTimersByTime(100);
  expect(assign.mock.calls).toEqual([["/sign-in"]]);
});
