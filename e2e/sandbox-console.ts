/** The sandbox's control API, as its console page uses it. */
export interface SandboxConsole {
  url: string;
  /** Body of POST /api/<name>; throws with the console's sentence when it is refused. */
  post(name: string, body: unknown): Promise<void>;
  // oxlint-disable-next-line typescript/no-explicit-any -- looked into field by field
  state(): Promise<any>;
}

export function sandboxConsole(url: string): SandboxConsole {
  return {
    url,
    async post(name, body) {
      const response = await fetch(`${url}/api/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    },
    async state() {
      return (await fetch(`${url}/api/state`)).json();
    },
  };
}
