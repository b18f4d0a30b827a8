import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

const ruleSchema = z.strictObject({ apiGroups: z.array(z.string()).min(1), resources: z.array(z.string()).min(1), verbs: z.array(z.string()).min(1), resourceNames: z.array(z.string()).optional() });
const manifestSchema = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({ name: z.string() }), rules: z.array(z.unknown()).optional() });
export type Manifest = z.infer<typeof manifestSchema> & { file: string };

/** One thing that one role allows: the smallest part that can be taken away. */
export interface Right {
  file: string;
  role: string;
  /** "" for the core group. */
  group: string;
  /** With its subresource: "pods/log". */
  resource: string;
  verb: string;
}

/** Every object in the YAML files below `folder`. Throws for what is no Kubernetes object. */
export function manifestsIn(folder: string): Manifest[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => /\.ya?ml$/.test(file)).sort();
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), "utf8")).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message ?? "cannot be read"}`);
      const value: unknown = document.toJS();
      return value === null ? [] : [{ ...manifestSchema.parse(value), file }];
    }),
  );
}

/** Rights of every Role and ClusterRole, one by one. */
export function rightsOf(manifests: readonly Manifest[]): Right[] {
  return manifests.filter(({ kind }) => kind === "Role" || kind === "ClusterRole").flatMap(({ file, metadata, rules = [] }) =>
    z.array(ruleSchema).parse(rules).flatMap(({ apiGroups, resources, verbs }) => apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => ({ file, role: metadata.name, group, resource, verb }))))),
  );
}

/** Why a right must stand in no role of Vigie's; null when it may. Sources: kubernetes.io, "Role Based Access Control Good Practices" (privilege escalation risks). */
export function mustNotStand({ group, resource, verb }: Right): string | null {
  if ([group, resource, verb].some((part) => part.includes("*"))) return "a wildcard";
  const [kind, subresource] = resource.split("/");
  if (kind === "secrets") return "reads or writes secrets";
  if (kind === "serviceaccounts") return "hands out tokens";
  if (["exec", "attach", "portforward", "ephemeralcontainers", "token", "approval"].includes(subresource ?? "")) return `runs programs or opens doors (${resource})`;
  if (["escalate", "bind", "impersonate"].includes(verb)) return `${verb} is the way to every other right`;
  if (["rbac.authorization.k8s.io", "admissionregistration.k8s.io", "certificates.k8s.io", "authentication.k8s.io", "apiextensions.k8s.io"].includes(group)) return `rules the cluster itself (${group})`;
  if (verb === "deletecollection") return "deletes without naming";
  if (kind === "pods" && ["create", "patch", "update", "delete"].includes(verb) && subresource === undefined) return "makes or changes pods, past the workload that owns them";
  return null;
}
