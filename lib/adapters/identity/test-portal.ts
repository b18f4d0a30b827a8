import { handleIdentity } from "#lib/adapters/identity/handle.ts";
import type { IdentityPortal } from "#lib/adapters/identity/options.ts";
import { portalOrigins } from "#lib/domain/request-origin.ts";

/** A browser's side of the portal's sign-in routes, without a server between: keeps the portal's cookies, remembers what they were set with. */
export class PortalBrowser {
  readonly cookies = new Map<string, string>();
  readonly setCookies: string[] = [];
  readonly #portal: IdentityPortal;

  constructor(portal: IdentityPortal) {
    this.#portal = portal;
  }

  async request(method: "GET" | "POST", path: string, options: { form?: Record<string, string>; headers?: Record<string, string> } = {}): Promise<Response> {
    const url = new URL(path, this.#portal.url);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const origin: Record<string, string> = method === "POST" ? { origin: portalOrigins(this.#portal.url)[0] ?? "", "sec-fetch-site": "same-origin" } : {};
    const request = new Request(url, { method, headers: { ...origin, cookie, ...options.headers }, ...(method === "POST" ? { body: new URLSearchParams(options.form ?? {}) } : {}) });
    const response = await handleIdentity(request, url.pathname.split("/").slice(3), this.#portal);
    for (const line of response.headers.getSetCookie()) {
      this.setCookies.push(line);
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Presses "sign in"; the address at the provider that the page leads to, or the response when it leads nowhere. */
  async begin(provider: string, callbackUrl = "/", again = false): Promise<{ target: string | null; response: Response }> {
    const response = await this.request("POST", `/api/auth/signin/${provider}`, { form: { callbackUrl, ...(again && { again: "1" }) } });
    const html = response.status === 200 ? await response.text() : "";
    return { target: /content="0;url=([^"]+)"/.exec(html)?.[1]?.replaceAll("&amp;", "&") ?? null, response };
  }
}
