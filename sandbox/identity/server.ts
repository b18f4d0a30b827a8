import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { errors, type Provider } from "oidc-provider";
import { closeServer, isLoopback, isLoopbackHostHeader, listenOnLoopback } from "#sandbox/loopback.ts";
import { isSameOriginOrNoBrowser, readBody } from "#sandbox/same-origin.ts";
import { demoAccounts } from "#sandbox/identity/accounts.ts";
import { messagePage, signInCss, signInPage } from "#sandbox/identity/pages.ts";
import { createProvider, sessionCookie, type ClientOptions } from "#sandbox/identity/provider.ts";

export interface IdentityOptions extends ClientOptions {
  /** 0 takes a free one; then the issuer changes with every start. */
  port: number;
  host: string;
}

/**
 * An OpenID Connect provider with three ready accounts that need no password. For that reason it throws unless its own host and
 * every redirect URI are loopback. Keys are kept in `dataDir`.
 */
export async function startIdentity({ port, host, ...client }: IdentityOptions): Promise<{ issuer: string; stop(): Promise<void> }> {
  for (const uri of client.redirectUris) {
    const hostname = URL.parse(uri)?.hostname;
    if (hostname === undefined || !isLoopback(hostname)) {
      throw new Error(`The demo's accounts need no password, so they only exist for a portal on loopback, not for ${uri}. Open the portal at http://127.0.0.1, or configure your own sign-in provider.`);
    }
  }
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => (handle === undefined ? response.writeHead(503).end() : handle(request, response)));
  const issuer = await listenOnLoopback(server, host, port, "The demo's sign-in service");
  try {
    const provider = createProvider(issuer, client);
    const origins = new Set(client.redirectUris.map((uri) => new URL(uri).origin));
    // Chromium applies form-action to the redirect after the form as well, so the portal stands in it.
    const policy = `default-src 'none'; style-src 'self'; img-src data:; form-action 'self' ${[...origins].join(" ")}; frame-ancestors 'none'; base-uri 'none'`;
    handle = requestHandler(provider, policy);
  } catch (error) {
    await closeServer(server);
    throw error;
  }
  return { issuer, stop: () => closeServer(server) };
}

function requestHandler(provider: Provider, policy: string) {
  const protocol = provider.callback();
  return (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader("content-security-policy", policy);
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("referrer-policy", "same-origin");
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (!isLoopbackHostHeader(request.headers.host)) return show(response, 421, messagePage("Wrong address", "This service only answers to a loopback address, such as 127.0.0.1."));
    if (path === "/sign-in.css") {
      response.writeHead(200, { "content-type": "text/css; charset=utf-8" }).end(signInCss);
      return;
    }
    if (path === "/auth" || path.startsWith("/auth/")) forgetSession(request);
    if (!path.startsWith("/sign-in/")) return void protocol(request, response);
    signIn(provider, request, response).catch((error: unknown) => {
      if (!(error instanceof errors.OIDCProviderError)) console.error("The demo's sign-in service failed:", error);
      show(response, 400, messagePage("This sign-in has expired", "Go back to Vigie and begin again."));
    });
  };
}

/** Whoever signs in again in a demo wants to be somebody else: an authorization request always begins with the choice of an account. */
function forgetSession(request: IncomingMessage): void {
  const cookies = (request.headers.cookie ?? "").split(/; */);
  request.headers.cookie = cookies.filter((cookie) => !cookie.startsWith(sessionCookie)).join("; ");
}

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === "GET") return show(response, 200, signInPage(uid));
  if (request.method !== "POST") return show(response, 405, messagePage("Not possible", "Choose an account on the sign-in page."));
  if (!isSameOriginOrNoBrowser(request)) return show(response, 403, messagePage("Refused", "This choice came from another site."));
  const accountId = new URLSearchParams(await readBody(request, 4096)).get("account");
  if (accountId === "") return provider.interactionFinished(request, response, { error: "access_denied", error_description: "Nobody was chosen on the sign-in page" });
  if (!demoAccounts.some((account) => account.id === accountId)) return show(response, 400, messagePage("Unknown account", "Choose one of the accounts on the sign-in page."));
  await provider.interactionFinished(request, response, { login: { accountId: accountId ?? "", remember: false } });
}

function show(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(html);
}
