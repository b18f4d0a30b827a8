/** What a client of any registry does: asks, and when challenged fetches a pull token and asks again. */
export interface RegistryClient {
  request(path: string, init?: { method?: "GET" | "HEAD"; accept?: string }): Promise<Response>;
}

/** Speaks to the registry at `baseUrl` anonymously, or as a user of its token endpoint. */
export function registryClient(baseUrl: string, credentials?: { user: string; password: string }): RegistryClient {
  return {
    async request(path, { method = "GET", accept } = {}) {
      const headers: Record<string, string> = accept === undefined ? {} : { accept };
      const first = await fetch(new URL(path, baseUrl), { method, headers });
      if (first.status !== 401) return first;
      await first.arrayBuffer();
      const token = await pullToken(first.headers.get("www-authenticate"), credentials);
      return fetch(new URL(path, baseUrl), { method, headers: { ...headers, authorization: `Bearer ${token}` } });
    },
  };
}

async function pullToken(challenge: string | null, credentials: { user: string; password: string } | undefined): Promise<string> {
  const parameters = new Map([...(challenge ?? "").matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2] ?? ""]));
  const realm = parameters.get("realm");
  if (realm === undefined) throw new Error(`No bearer challenge in: ${challenge}`);
  const url = new URL(realm);
  for (const name of ["service", "scope"]) if (parameters.has(name)) url.searchParams.set(name, parameters.get(name) ?? "");
  const basic = credentials === undefined ? undefined : Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64");
  const response = await fetch(url, { headers: basic === undefined ? {} : { authorization: `Basic ${basic}` } });
  if (!response.ok) throw new Error(`The token endpoint answered ${response.status}: ${await response.text()}`);
  // Shape by the token authentication specification; a wrong one fails the next request.
  const { token } = (await response.json()) as { token: string };
  return token;
}
