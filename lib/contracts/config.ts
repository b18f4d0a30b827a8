import { z } from "zod";
import { roles } from "#lib/domain/access.ts";

/** vigie.yaml. Every object is strict, so a misspelt key is a mistake with a line, not a silent default. */

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a lower-case name of letters, digits and dashes (at most 63)");

/** A secret is only ever a reference: `env:NAME` or `file:/absolute/or/relative/path`. */
export const secretReferenceSchema = z.string().regex(/^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, "a reference to a secret: env:NAME or file:path");

const path = z.string().regex(/^\/[^\s]*$/, "an absolute URL path such as /health");
const port = z.int().min(1).max(65535);

export const clusterConfigSchema = z
  .strictObject({
    /** Path of a kubeconfig file, relative to vigie.yaml. */
    kubeconfig: z.string().min(1).optional(),
    /** Context in that file; its current context when left out. */
    context: z.string().min(1).optional(),
    inCluster: z.literal(true).optional(),
    /** Commands of `exec` credential plugins, or names of auth providers, that this kubeconfig may use. None by default: they run programs. */
    allowPlugins: z.array(z.string()).default([]),
  })
  .refine((c) => (c.inCluster === true) !== (c.kubeconfig !== undefined), "either kubeconfig (a file) or inCluster: true");

export const environmentConfigSchema = z.strictObject({
  name,
  title: z.string().min(1).max(40).optional(),
  cluster: clusterConfigSchema,
  namespace: name,
  policy: z
    .strictObject({
      /** Environment from which promotions come; the one before it in the list when left out. */
      promotesFrom: name.optional(),
      /** How long a rollout may take before it is called failed. The workload's own progressDeadlineSeconds counts too. */
      rolloutTimeoutSeconds: z.int().min(10).max(3600).default(600),
    })
    .prefault({}),
});

export const serviceConfigSchema = z
  .strictObject({
    name,
    /** The container that is this service. */
    container: name.optional(),
    /** Or: the supervised process, inside `inContainer` (the only container when left out). */
    process: z.string().min(1).max(63).optional(),
    inContainer: name.optional(),
    port: port.optional(),
    healthPath: path.optional(),
    /** Source repository, "owner/name" on GitHub or a URL. */
    repository: z.string().min(1).optional(),
  })
  .refine((s) => (s.container === undefined) !== (s.process === undefined), "either container or process");

export const bigPodConfigSchema = z.strictObject({
  name,
  title: z.string().min(1).max(40).optional(),
  workload: z.strictObject({ kind: z.literal("Deployment").default("Deployment"), name }),
  /** One endpoint that answers application/health+json with a check per process ("voyage:process"). Asked in every pod. */
  monitor: z.strictObject({ port, path: path.default("/health") }).optional(),
  services: z.array(serviceConfigSchema).min(1),
});

export const registryConfigSchema = z.strictObject({
  /** Host as it stands in image references: "ghcr.io". */
  host: z.string().min(1),
  /** Where to ask instead of https://<host>: a mirror or a local registry. */
  url: z.url({ protocol: /^https?$/ }).optional(),
  username: z.string().optional(),
  password: secretReferenceSchema.optional(),
});

const providerBase = { id: name, title: z.string().min(1).max(40), clientId: z.string().min(1), clientSecret: secretReferenceSchema };
export const identityProviderConfigSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("oidc"), ...providerBase, /** https, or http on loopback only while the portal listens on loopback only. */ issuer: z.url({ protocol: /^https?$/ }), groupsClaim: z.string().default("groups") }),
  z.strictObject({ kind: z.literal("github"), ...providerBase, /** Base URL of a GitHub Enterprise Server. */ url: z.url({ protocol: /^https?$/ }).optional(), /** Only members of these organisations may sign in. */ organisations: z.array(z.string()).default([]) }),
]);

export const roleBindingConfigSchema = z
  .strictObject({
    role: z.enum(roles),
    /** Environments it holds in; all when left out. */
    environments: z.array(name).min(1).optional(),
    /** Groups of the OIDC provider, or GitHub teams as "organisation/team". */
    groups: z.array(z.string()).default([]),
    /** Verified e-mail addresses. */
    users: z.array(z.email()).default([]),
  })
  .refine((b) => b.groups.length + b.users.length > 0, "at least one group or user");

export const configSchema = z.strictObject({
  platform: z.strictObject({ name: z.string().min(1).max(60) }),
  environments: z.array(environmentConfigSchema).min(1).max(12),
  bigPods: z.array(bigPodConfigSchema).min(1).max(100),
  registries: z.array(registryConfigSchema).default([]),
  access: z.strictObject({
    providers: z.array(identityProviderConfigSchema).min(1),
    roles: z.array(roleBindingConfigSchema).min(1),
    sessionIdleHours: z.number().min(0.1).max(720).default(12),
    sessionMaximumHours: z.number().min(0.1).max(720).default(72),
  }),
  server: z
    .strictObject({
      /** Address people use in the browser; from HOST and PORT when left out. */
      url: z.url({ protocol: /^https?$/ }).optional(),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configSchema>;
export type EnvironmentConfig = z.infer<typeof environmentConfigSchema>;
export type BigPodConfig = z.infer<typeof bigPodConfigSchema>;
export type ServiceConfig = z.infer<typeof serviceConfigSchema>;
export type ClusterConfig = z.infer<typeof clusterConfigSchema>;
export type RegistryConfig = z.infer<typeof registryConfigSchema>;
export type IdentityProviderConfig = z.infer<typeof identityProviderConfigSchema>;
