import type { NewObject } from "#sandbox/controllers/object-keys.ts";
import { nodeAddresses } from "#sandbox/world/seed-nodes.ts";
import { bigPodLabels } from "#sandbox/world/seed-deployments.ts";
import { daysAgo } from "#sandbox/world/seed-parts.ts";
import { bigPods, registry, type BigPodSeed, type EnvironmentSeed } from "#sandbox/world/seed-platform.ts";

interface Surrounding {
  resource: string;
  object: NewObject;
}

const backupSchedule = { minute: 15, hour: 2 };

/** Everything a Big Pod needs beside its Deployment, and the environment's own: settings, services, ingress, autoscaler, backup, policy. */
export function surroundingObjects(environment: EnvironmentSeed, nowMs: number): Surrounding[] {
  const { namespace } = environment;
  const creationTimestamp = daysAgo(nowMs, 178);
  const meta = (name: string, labels: Record<string, string>) => ({ name, namespace, labels, creationTimestamp });
  const platform = { "app.kubernetes.io/part-of": "dreamscape" };
  const host = publicHost(environment);
  return [
    ...bigPods.map((bigPod) => ({ resource: "configmaps", object: { apiVersion: "v1", kind: "ConfigMap", metadata: meta(`${bigPod.name}-config`, bigPodLabels(bigPod.name, environment)), data: settings(environment, bigPod) } })),
    ...bigPods.map((bigPod) => ({ resource: "services", object: { apiVersion: "v1", kind: "Service", metadata: meta(bigPod.name, bigPodLabels(bigPod.name, environment)), spec: { type: "ClusterIP", selector: { "app.kubernetes.io/name": bigPod.name }, ports: servicePorts(bigPod) } } })),
    {
      resource: "ingresses.networking.k8s.io",
      object: {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        metadata: { ...meta("dreamscape", platform), annotations: { "cert-manager.io/cluster-issuer": "letsencrypt" } },
        spec: {
          ingressClassName: "traefik",
          tls: [{ hosts: [host], secretName: "dreamscape-tls" }],
          rules: [{ host, http: { paths: bigPods.map((bigPod) => ({ path: bigPod.ingressPath, pathType: "Prefix", backend: { service: { name: bigPod.name, port: { number: 80 } } } })) } }],
        },
        // K3s' service balancer listens on every node.
        status: { loadBalancer: { ingress: nodeAddresses.map((ip) => ({ ip })) } },
      },
    },
    { resource: "certificates.cert-manager.io", object: certificate({ ...meta("dreamscape-tls", platform) }, host, nowMs) },
    {
      resource: "horizontalpodautoscalers.autoscaling",
      object: {
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
        metadata: meta("core", bigPodLabels("core", environment)),
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "core" },
          minReplicas: environment.replicas,
          maxReplicas: environment.replicas * 3,
          metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } }],
        },
      },
    },
    {
      resource: "networkpolicies.networking.k8s.io",
      object: {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: meta("core-ingress", bigPodLabels("core", environment)),
        spec: {
          podSelector: { matchLabels: { "app.kubernetes.io/name": "core" } },
          policyTypes: ["Ingress"],
          ingress: [{ from: [{ podSelector: { matchLabels: platform } }], ports: [{ protocol: "TCP", port: 80 }, { protocol: "TCP", port: 9000 }] }],
        },
      },
    },
    { resource: "cronjobs.batch", object: backup(environment, meta("db-backup", { ...platform, "app.kubernetes.io/name": "db-backup" }), nowMs) },
  ];
}

/** As cert-manager keeps it: ninety days, of which fifty are left. */
function certificate(metadata: NewObject["metadata"], host: string, nowMs: number): NewObject {
  return {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata,
    spec: { secretName: "dreamscape-tls", dnsNames: [host], issuerRef: { kind: "ClusterIssuer", name: "letsencrypt" } },
    status: {
      notBefore: daysAgo(nowMs, 40), notAfter: daysAgo(nowMs, -50), renewalTime: daysAgo(nowMs, -20),
      conditions: [{ type: "Ready", status: "True", reason: "Ready", message: "Certificate is up to date and has not expired", lastTransitionTime: daysAgo(nowMs, 40), observedGeneration: 1 }],
    },
  };
}

function publicHost(environment: EnvironmentSeed): string {
  return environment.name === "prod" ? "dreamscape.example" : `${environment.name}.dreamscape.example`;
}

function servicePorts(bigPod: BigPodSeed) {
  const extra = bigPod.containers.flatMap((container) => container.ports).filter((port) => port.name !== bigPod.servicePort);
  return [{ name: "http", port: 80, targetPort: bigPod.servicePort, protocol: "TCP" }, ...extra.map((port) => ({ name: port.name, port: port.containerPort, targetPort: port.name, protocol: "TCP" }))];
}

function settings(environment: EnvironmentSeed, bigPod: BigPodSeed): Record<string, string> {
  const suffix = environment.name === "prod" ? "" : `.${environment.name}`;
  const shared = { NODE_ENV: environment.name === "dev" ? "development" : "production", ENVIRONMENT: environment.name, LOG_LEVEL: environment.logLevel, SERVICE_NAME: bigPod.name };
  switch (bigPod.name) {
    case "core":
      return { ...shared, PUBLIC_URL: `https://${publicHost(environment)}`, POSTGRES_HOST: `postgres${suffix}.internal`, REDIS_URL: `redis://redis${suffix}.internal:6379/0`, TOKEN_LIFETIME_MINUTES: environment.name === "prod" ? "15" : "60" };
    case "experience":
      return { ...shared, MONGO_HOST: `mongo${suffix}.internal`, PANORAMA_TILE_SIZE: "512", PANORAMA_CACHE_MB: environment.name === "prod" ? "192" : "96", AI_MODEL: environment.name === "dev" ? "voyager-small" : "voyager-base", ...(environment.name !== "prod" && { PANORAMA_TILE_URL: `https://tiles${suffix}.internal/{z}/{x}/{y}.webp` }) };
    case "commerce":
      return { ...shared, PAYMENT_PROVIDER: environment.name === "prod" ? "live" : "sandbox", POSTGRES_HOST: `postgres${suffix}.internal`, ANALYTICS_BATCH: environment.name === "prod" ? "500" : "50" };
  }
}

function backup(environment: EnvironmentSeed, metadata: NewObject["metadata"], nowMs: number): NewObject {
  const day = new Date(nowMs);
  const today = Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate(), backupSchedule.hour, backupSchedule.minute);
  const lastMs = today <= nowMs ? today : today - 86_400_000;
  const labels = { "app.kubernetes.io/name": "db-backup", "app.kubernetes.io/part-of": "dreamscape" };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata,
    spec: {
      schedule: `${backupSchedule.minute} ${backupSchedule.hour} * * *`,
      concurrencyPolicy: "Forbid",
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: {
        metadata: { labels },
        spec: {
          backoffLimit: 2,
          template: {
            metadata: { labels },
            spec: {
              restartPolicy: "Never",
              nodeSelector: { "kubernetes.io/arch": "arm64" },
              containers: [{ name: "backup", image: `${registry}/db-backup:v0.3.1`, args: ["--database", `dreamscape_${environment.name}`, "--to", "r2://dreamscape-backups"], resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } } }],
            },
          },
        },
      },
    },
    status: { lastScheduleTime: daysAgo(lastMs, 0), lastSuccessfulTime: daysAgo(lastMs + 6_000, 0) },
  };
}
