/** A browser's side of signing in at the demo's provider, over HTTP alone. */
export interface SignedIn {
  /** Cookie header of the session. */
  cookie: string;
  /** The whole way, and what of it the portal itself took: beginning it and taking the answer. */
  totalMs: number;
  portalMs: number;
}

class Jar {
  readonly #cookies = new Map<string, string>();

  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(url, { ...init, redirect: "manual", headers: { ...Object.fromEntries(new Headers(init.headers)), cookie: this.header() } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }
}

/** Follows redirects of the provider until one leads to the portal; the page, or that address. */
async function follow(jar: Jar, from: Response, issuer: string, portal: string): Promise<{ page: string; back: string | null }> {
  let response = from;
  for (let hops = 0; hops < 10; hops++) {
    const location = response.headers.get("location");
    if (location === null) return { page: await response.text(), back: null };
    const target = new URL(location, issuer).href;
    await response.body?.cancel();
    if (target.startsWith(portal)) return { page: "", back: target };
    response = await jar.request(target);
  }
  throw new Error("the sign-in service leads in circles");
}

/** Signs in as one of the demo's accounts. Throws when it comes to nothing. */
export async function signInOnce(portal: string, issuer: string, account: string): Promise<SignedIn> {
  const [atPortal, atProvider] = [new Jar(), new Jar()];
  const startedAt = performance.now();
  const begun = await atPortal.request(`${portal}/api/auth/signin/demo`, { method: "POST", body: new URLSearchParams({ callbackUrl: "/" }), headers: { origin: portal, "sec-fetch-site": "same-origin" } });
  const target = /content="0;url=([^"]+)"/.exec(await begun.text())?.[1]?.replaceAll("&amp;", "&");
  const beginMs = performance.now() - startedAt;
  if (target === undefined) throw new Error(`sign-in was not begun: HTTP ${begun.status}`);
  const { page } = await follow(atProvider, await atProvider.request(target), issuer, portal);
  const action = new URL(/action="([^"]+)"/.exec(page)?.[1] ?? "", issuer).href;
  const chosen = await atProvider.request(action, { method: "POST", body: new URLSearchParams({ account }), headers: { origin: issuer, "sec-fetch-site": "same-origin" } });
  const { back } = await follow(atProvider, chosen, issuer, portal);
  const cameBackAt = performance.now();
  const answer = await atPortal.request(back ?? "");
  await answer.body?.cancel();
  const endedAt = performance.now();
  if (answer.headers.get("location") !== `${portal}/`) throw new Error(`sign-in came to nothing: ${answer.status} ${answer.headers.get("location") ?? ""}`);
  return { cookie: atPortal.header(), totalMs: endedAt - startedAt, portalMs: beginMs + endedAt - cameBackAt };
}
