import { createHash, randomBytes } from "node:crypto";

/** A browser without a screen: keeps cookies, follows redirects by hand so that tests see each of them. */
export class TestBrowser {
  readonly #cookies = new Map<string, string>();

  async request(url: string, init: { method?: string; body?: URLSearchParams; headers?: Record<string, string> } = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** Follows redirects until an answer is none, or leads to a URL that begins with `until`; that URL is the result then. */
  async follow(response: Response, base: string, until: string): Promise<{ response: Response; location?: string }> {
    const location = response.headers.get("location");
    if (location === null) return { response };
    const target = new URL(location, base).href;
    return target.startsWith(until) ? { response, location: target } : this.follow(await this.request(target), base, until);
  }
}

/** A PKCE pair, state and nonce, and the authorization URL that carries them (RFC 7636, OpenID Connect Core 3.1.2.1). */
export function authorizationRequest(endpoint: string, parameters: Record<string, string>): { url: string; verifier: string; state: string; nonce: string } {
  const verifier = randomBytes(32).toString("base64url");
  const [state, nonce] = [randomBytes(8).toString("hex"), randomBytes(8).toString("hex")];
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const query = new URLSearchParams({ response_type: "code", scope: "openid profile email", state, nonce, code_challenge: challenge, code_challenge_method: "S256", ...parameters });
  return { url: `${endpoint}?${query}`, verifier, state, nonce };
}
