import { expect, test } from "vitest";
import { Failure } from "#components/patterns/failure.tsx";
import { Sessions } from "#components/settings/sessions.tsx";
import { fixtureNow } from "#components/query/fixtures.ts";
import { renderHtml, renderText } from "#components/test-render.tsx";

const error = { code: "sign-in-again" as const, message: "Nothing was done yet: sign in again.", detail: { provider: "sso", providerTitle: "Company account" }, reference: "abc" };

test("what takes a recent sign-in is no failure: it shows the way, and no reference", () => {
  const text = renderText(<Failure error={error} />);
  expect(text).toContain("Nothing was done yet: sign in again. Sign in again with Company account");
  expect(text).not.toContain("Reference");
  expect(renderHtml(<Failure error={error} />)).toContain("data-sign-in-again");
});

test("without a provider that can be named there is the sentence alone", () => {
  expect(renderText(<Failure error={{ ...error, detail: null }} />)).toBe("Nothing was done yet: sign in again.");
});

const never = () => Promise.reject(new Error("nothing is pressed in a first HTML"));
const session = { id: "1", personId: "p", person: "Vera", device: "Firefox on Linux", address: "10.0.0.3", provider: "sso", firstSeenAt: fixtureNow, lastUsedAt: fixtureNow, expiresAt: fixtureNow, current: true };

test("the session one sits in cannot be ended from the list; others can, and say which they are", () => {
  const one = renderHtml(<Sessions sessions={[session]} revoke={never} revokeOthers={never} />);
  expect(one).toContain("this browser");
  expect(one).toMatch(/title="You are signed in nowhere else\."/);
  const two = renderHtml(<Sessions sessions={[session, { ...session, id: "2", device: "Safari on iPhone", address: "203.0.113.7", current: false }]} revoke={never} revokeOthers={never} />);
  expect(two).toContain('aria-label="Sign out Safari on iPhone, used from 203.0.113.7"');
  expect(two).not.toContain("You are signed in nowhere else");
});
