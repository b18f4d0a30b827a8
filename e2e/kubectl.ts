import { execFileSync, spawnSync } from "node:child_process";

const program = process.env.VIGIE_KUBECTL ?? "kubectl";

export function hasKubectl(): boolean {
  return spawnSync(program, ["version", "--client"], { stdio: "ignore" }).status === 0;
}

/** kubectl with one kubeconfig: returns what it prints, throws with its words when it fails. Its discovery cache lies beside that file, not in the home folder. */
export function kubectlWith(kubeconfig: string): (...args: string[]) => string {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  return (...args) => execFileSync(program, ["--cache-dir", `${kubeconfig}.cache`, ...args], { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });
}
