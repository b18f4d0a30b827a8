import { describe, expect, test } from "vitest";
import { resolveGrants } from "#lib/services/access/resolve.ts";
import { testConfig } from "#lib/services/test-context.ts";

const nobody = { groups: [], email: null, emailVerified: false };

describe("roles from the configuration", () => {
  test.each([
    ["nothing for nobody", nobody, []],
    ["a role by group, everywhere", { ...nobody, groups: ["admins"] }, [{ role: "admin", environments: "*" }]],
    ["a role by group, in some environments", { ...nobody, groups: ["x", "viewers"] }, [{ role: "viewer", environments: ["dev"] }]],
    ["both of two groups", { ...nobody, groups: ["viewers", "admins"] }, [{ role: "admin", environments: "*" }, { role: "viewer", environments: ["dev"] }]],
    ["a role by address, whatever its case", { ...nobody, email: "Rita@Example.org", emailVerified: true }, [{ role: "releaser", environments: "*" }]],
    ["nothing for an address that nobody vouches for", { ...nobody, email: "rita@example.org" }, []],
    ["nothing for a group that only looks alike", { ...nobody, groups: ["Admins", "admins ", "admin"] }, []],
  ])("%s", (_, credentials, expected) => {
    expect(resolveGrants(testConfig.access, credentials)).toEqual(expected);
  });
});
