import type { OAuthConfig } from "next-auth/providers/oauth";
import { z } from "zod";
import { configuredLookup } from "#lib/adapters/egress/outgoing.ts";
import { fetchJson } from "#lib/adapters/identity/fetch-json.ts";
import type { ProviderOf } from "#lib/adapters/identity/oidc.ts";
import { personSchema } from "#lib/contracts/person.ts";
import type { Person } from "#lib/contracts/person.ts";
import { VigieError } from "#lib/domain/error.ts";

const userSchema = z.object({ id: z.int().positive(), login: z.string(), name: z.string().nullish() });
const emailsSchema = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));
const membershipsSchema = z.array(z.object({ state: z.string(), organization: z.object({ login: z.string() }) }));
const teamsSchema = z.array(z.object({ slug: z.string(), organization: z.object({ login: z.string() }) }));

/** Ends a sign-in of somebody outside the allowed organisations. */
export class NotAMember extends Error {
  readonly subject: string;

  constructor(subject: string) {
    super("not a member of an allowed organisation");
    this.subject = subject;
  }
}

function api(config: ProviderOf<"github">): string {
  return config.url === undefined ? "https://api.github.com" : `${config.url.replace(/\/$/, "")}/api/v3`;
}

/** All pages of a list; 404 and 403 (a scope the person did not give) are an empty one. */
async function pages<T>(schema: z.ZodType<T[]>, first: string, accessToken: string): Promise<T[]> {
  const all: T[] = [];
  let url: string | null = first;
  for (let page = 0; url !== null && page < 20; page++) {
    // A next page elsewhere would be handed the person's token.
    if (new URL(url).origin !== new URL(first).origin) throw new VigieError("upstream", "GitHub named a next page on another host, which is not followed.");
    const answer = await fetchJson(url, { accessToken, optional: true });
    if (answer === null) return all;
    all.push(...schema.parse(answer.body));
    url = answer.next;
  }
  return all;
}

/**
 * Who the token belongs to: the numeric id (logins can be renamed and taken by others), the primary address if GitHub has verified it,
 * and teams as "organisation/team". Where organisations are configured, only their members get in and only their teams count.
 * Source: GitHub REST API, "Get the authenticated user", "List emails", "List organization memberships", "List teams for the authenticated user".
 */
export async function personOfGithub(config: ProviderOf<"github">, accessToken: string): Promise<Person> {
  const base = api(config);
  const allowed = config.organisations.map((organisation) => organisation.toLowerCase());
  const [user, emails, memberships, teams] = await Promise.all([
    fetchJson(`${base}/user`, { accessToken }),
    pages(emailsSchema, `${base}/user/emails?per_page=100`, accessToken),
    allowed.length === 0 ? [] : pages(membershipsSchema, `${base}/user/memberships/orgs?state=active&per_page=100`, accessToken),
    pages(teamsSchema, `${base}/user/teams?per_page=100`, accessToken),
  ]);
  const { id, login, name } = userSchema.parse(user?.body);
  const counts = (organisation: string): boolean => allowed.length === 0 || allowed.includes(organisation.toLowerCase());
  if (allowed.length > 0 && !memberships.some((membership) => membership.state === "active" && counts(membership.organization.login))) throw new NotAMember(String(id));
  const email = emails.find((candidate) => candidate.primary && candidate.verified);
  return personSchema.parse({
    subject: String(id),
    name: name ?? login,
    email: email?.email ?? null,
    emailVerified: email !== undefined,
    groups: teams.filter((team) => counts(team.organization.login)).map((team) => `${team.organization.login}/${team.slug}`),
  });
}

export interface GithubSignIn {
  /** Has GitHub ask which account it is (`prompt` of its authorization request): the most it can be asked for. */
  again: boolean;
  onPerson(person: Person): void;
  /** `subject`: the numeric id. */
  onNotAMember(subject: string): Promise<void>;
}

/** GitHub or a GitHub Enterprise Server. Made anew for every request: it remembers the one person of that request. */
export function githubProvider(config: ProviderOf<"github">, clientSecret: string, { again, onPerson, onNotAMember }: GithubSignIn): OAuthConfig<unknown> {
  const base = (config.url ?? "https://github.com").replace(/\/$/, "");
  let person: Person | null = null;
  return {
    id: config.id,
    name: config.title,
    type: "oauth",
    issuer: `${base}/login/oauth`,
    clientId: config.clientId,
    clientSecret,
    authorization: { url: `${base}/login/oauth/authorize`, params: { scope: "read:user user:email read:org", ...(again && { prompt: "select_account" }) } },
    token: `${base}/login/oauth/access_token`,
    checks: ["pkce", "state"],
    httpOptions: { timeout: 8_000, lookup: configuredLookup() },
    userinfo: {
      url: `${api(config)}/user`,
      async request({ tokens }) {
        try {
          person = await personOfGithub(config, tokens.access_token ?? "");
          return { sub: person.subject };
        } catch (error) {
          if (error instanceof NotAMember) await onNotAMember(error.subject);
          throw error;
        }
      },
    },
    profile() {
      if (person === null) throw new Error("profile() comes after userinfo");
      onPerson(person);
      return { id: person.subject, name: person.name, email: person.email };
    },
  };
}
