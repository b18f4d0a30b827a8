/** The HTTP API as a program outside uses it: plain fetch, no code shared with the portal but the addresses. */
export interface ApiAnswer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into field by field by the tests
  body: any;
}

export interface ApiClient {
  get(path: string): Promise<ApiAnswer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Asks until `accept` says yes; throws with the last answer after timeoutMs. */
  until(path: string, accept: (body: ApiAnswer["body"]) => boolean, timeoutMs: number): Promise<ApiAnswer["body"]>;
}

export function apiClient(url: string, token: string): ApiClient {
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> => {
    const response = await fetch(`${url}/api/v1/${path}`, { method, headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  };
  return {
    get: (path) => call("GET", path),
    post: (path, body, headers) => call("POST", path, body, headers),
    async until(path, accept, timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const answer = await call("GET", path);
        if (answer.status === 200 && accept(answer.body)) return answer.body;
        if (Date.now() > deadline) throw new Error(`${path} did not become what was waited for within ${timeoutMs} ms: ${answer.status} ${JSON.stringify(answer.body).slice(0, 3000)}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
  };
}
