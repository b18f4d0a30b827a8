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

interface SeenEnvironment {
  name: string;
  bigPods: { name: string; pods: { processes: { name: string; state: string }[] }[] }[];
}

/** Whether a supervisor has given a process up, as the sandbox's state tells it. */
export function isGivenUp({ world }: { world: { environments: SeenEnvironment[] } }, target: { environment: string; bigPod: string; process: string }): boolean {
  const pods = world.environments.find(({ name }) => name === target.environment)?.bigPods.find(({ name }) => name === target.bigPod)?.pods ?? [];
  return pods.some(({ processes }) => processes.some(({ name, state }) => name === target.process && state === "fatal"));
}
