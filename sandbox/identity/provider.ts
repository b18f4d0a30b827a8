import { Provider, type Configuration, type KoaContextWithOIDC } from "oidc-provider";
import { demoAccounts } from "#sandbox/identity/accounts.ts";
import { loadKeys } from "#sandbox/identity/keys.ts";
import { createMemoryAdapters } from "#sandbox/identity/memory-adapter.ts";
import { messagePage, signOutPage } from "#sandbox/identity/pages.ts";

export interface ClientOptions {
  clientId: string;
  clientSecret: string;
  redirectUris: readonly string[];
  dataDir: string;
}

export const sessionCookie = "demo_sign_in";
const hourSeconds = 3600;

/** The OpenID Connect provider for exactly one client: code flow with PKCE, no consent screen, an account chosen at every sign-in. */
export function createProvider(issuer: string, { clientId, clientSecret, redirectUris, dataDir }: ClientOptions): Provider {
  const { jwks, cookieKeys } = loadKeys(dataDir);
  const origins = [...new Set(redirectUris.map((uri) => new URL(uri).origin))];
  const configuration: Configuration = {
    adapter: createMemoryAdapters(),
    jwks,
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        client_name: "Vigie",
        redirect_uris: [...redirectUris],
        post_logout_redirect_uris: origins.flatMap((origin) => [origin, `${origin}/`]),
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    cookies: { keys: cookieKeys, names: { session: sessionCookie } },
    pkce: { required: () => true },
    scopes: ["openid", "profile", "email", "groups"],
    // Groups come with the profile too, so that a client with the three usual scopes learns its roles.
    claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"], groups: ["groups"] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => {
      const account = demoAccounts.find((candidate) => candidate.id === id);
      if (account === undefined) return undefined;
      const { name, email, groups } = account;
      return { accountId: id, claims: () => ({ sub: id, name, email, email_verified: true, groups: [...groups] }) };
    },
    loadExistingGrant: grantEverything,
    interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        logoutSource: (ctx, form) => showPage(ctx, signOutPage(form)),
        postLogoutSuccessSource: (ctx) => showPage(ctx, messagePage("Signed out", "You can close this page.")),
      },
    },
    renderError: (ctx, out) => showPage(ctx, messagePage("Sign-in did not work", `${out.error_description ?? out.error}. Go back to Vigie and begin again.`)),
    ttl: { AccessToken: hourSeconds, AuthorizationCode: 60, Grant: 24 * hourSeconds, IdToken: hourSeconds, Interaction: hourSeconds, Session: 24 * hourSeconds },
  };
  return new Provider(issuer, configuration);
}

function showPage(ctx: KoaContextWithOIDC, html: string): void {
  ctx.type = "html";
  ctx.body = html;
}

/** Grants all scopes and claims asked for: nobody is asked whether Vigie may know who they are. */
async function grantEverything(ctx: KoaContextWithOIDC) {
  const { client, session, provider, requestParamScopes } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...requestParamScopes].join(" "));
  grant.addOIDCClaims([...ctx.oidc.requestParamClaims]);
  await grant.save();
  return grant;
}
