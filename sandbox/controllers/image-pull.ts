import type { Container } from "#sandbox/controllers/pod-shape.ts";
import type { ImageBuild, ImageCatalogue } from "#sandbox/world/types.ts";

/** The registry's host and the rest: "nginx:1" is docker.io/library/nginx:1, as containerd reads it. */
export function registryOf(reference: string): { host: string; path: string; normalized: string } {
  const first = reference.split("/", 1)[0] ?? "";
  const named = reference.includes("/") && (first.includes(".") || first.includes(":") || first === "localhost");
  const host = named ? first : "docker.io";
  const rest = named ? reference.slice(first.length + 1) : reference;
  const path = host === "docker.io" && !rest.includes("/") ? `library/${rest}` : rest;
  return { host, path, normalized: `${host}/${path}` };
}

/** The kubelet's choice where the pod does not say: Always for :latest or no tag, else IfNotPresent. */
export function pullPolicyOf(container: Container): "Always" | "IfNotPresent" | "Never" {
  if (container.imagePullPolicy) return container.imagePullPolicy;
  const name = container.image.slice(container.image.lastIndexOf("/") + 1);
  return (!name.includes(":") && !name.includes("@")) || name.endsWith(":latest") ? "Always" : "IfNotPresent";
}

/** Between 40 and 180 MiB, always the same for the same image. */
export function imageSizeBytes(build: ImageBuild): number {
  return (40 + (Number.parseInt(build.digest.slice(-4), 16) % 140)) * 1_048_576;
}

export type PullResult = { build: ImageBuild } | { error: string };

/** One pull as containerd does it and words it. The catalogue is what the registry serves. */
export function pullImage(catalogue: ImageCatalogue, reference: string): PullResult {
  const { host, path, normalized } = registryOf(reference);
  const failed = (code: string, why: string) => ({ error: `rpc error: code = ${code} desc = failed to pull and unpack image "${normalized}": failed to resolve reference "${normalized}": ${why}` });
  const at = path.includes("@") ? path.slice(path.indexOf("@") + 1) : path.slice(path.lastIndexOf(":") + 1);
  const repository = path.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  if (catalogue.registryDown) return failed("Unknown", `unexpected status from HEAD request to https://${host}/v2/${repository}/manifests/${at}: 503 Service Unavailable`);
  const build = catalogue.resolve(reference);
  if (!build || !build.inRegistry) return failed("NotFound", `${normalized}: not found`);
  return { build };
}

/** "1.234s" or "234ms", as Go prints the duration of a pull. */
export function goDuration(ms: number): string {
  const rounded = Math.round(ms);
  return rounded < 1000 ? `${rounded}ms` : `${(rounded / 1000).toFixed(3).replace(/\.?0+$/, "")}s`;
}
