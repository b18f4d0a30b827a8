import type { Finding } from "#lib/domain/fold-finding.ts";
import { ageMs, condition, fields, list, text, whole } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";
import { ageWords } from "#lib/domain/freshness.ts";

const dayMs = 86_400_000;
const expiryWarningMs = 14 * dayMs;

interface Backend {
  path: string;
  service: string;
  port: number | string | null;
}

export function backendsOf(ingress: RawObject): Backend[] {
  const backend = (value: unknown, path: string): Backend[] => {
    const service = fields(fields(value)["service"]);
    const name = text(service["name"]);
    const port = fields(service["port"]);
    return name === null ? [] : [{ path, service: name, port: text(port["name"]) ?? (whole(port["number"], 0) || null) }];
  };
  const spec = fields(ingress.spec);
  return [...backend(spec["defaultBackend"], "/"), ...list(spec["rules"]).flatMap((rule) => list(fields(rule["http"])["paths"]).flatMap((path) => backend(path["backend"], `${text(rule["host"]) ?? ""}${text(path["path"]) ?? "/"}`)))];
}

/**
 * Health rules of an Ingress, for the backends that lead to one Big Pod: the Service must be there and have the port. An address of a load balancer is not asked for:
 * behind a tunnel (cloudflared) or on a bare K3s there is none, and all is well. Whether pods answer is known from the pods.
 */
export function ingressFindings(bigPod: string, ingress: RawObject, services: readonly RawObject[], isOurs: (service: string) => boolean): Finding[] {
  const on = `Ingress ${ingress.metadata.name}`;
  return backendsOf(ingress).filter(({ service }) => isOurs(service)).flatMap(({ path, service, port }): Finding[] => {
    const found = services.find((candidate) => candidate.metadata.name === service);
    const base = { status: "warning", kind: "ingress", group: `ingress/${service}`, on } as const;
    if (!found) return [{ ...base, tell: () => `${on} sends ${path} to Service ${service} of ${bigPod}, which does not exist`, evidence: [], remedy: `Create Service ${service}, or mend the backend of ${on}.` }];
    const ports = list(fields(found.spec)["ports"]);
    const offered = port === null || ports.some((one) => one["name"] === port || one["port"] === port);
    return offered ? [] : [{ ...base, tell: () => `${on} sends ${path} to port ${port} of Service ${service}, which has no such port`, evidence: [], remedy: `Mend the port in ${on} or in Service ${service}.` }];
  });
}

/**
 * A certificate that an Ingress serves, by cert-manager's Certificate for the same Secret (Secrets themselves are never read): about to expire means less than fourteen
 * days, or a quarter of its whole time where that is shorter. cert-manager renews at two thirds, so by then a renewal has failed.
 */
export function certificateFindings(ingress: RawObject, certificates: readonly RawObject[], now: Date): Finding[] {
  return list(fields(ingress.spec)["tls"]).flatMap((tls): Finding[] => {
    const secret = text(tls["secretName"]);
    const certificate = certificates.find((one) => secret !== null && fields(one.spec)["secretName"] === secret);
    if (!certificate || secret === null) return [];
    const hosts = (Array.isArray(tls["hosts"]) ? tls["hosts"] : []).filter((host): host is string => typeof host === "string");
    const name = hosts[0] === undefined ? secret : hosts.length === 1 ? hosts[0] : `${hosts[0]} (and ${hosts.length - 1} more)`;
    const on = `Certificate ${certificate.metadata.name}`;
    const { notAfter, notBefore } = fields(certificate.status);
    const end = text(notAfter);
    const leftMs = end === null ? null : -(ageMs(end, now) ?? 0);
    const ready = condition(certificate, "Ready");
    const issuing = condition(certificate, "Issuing");
    const told = [ready?.status === "False" ? ready : null, issuing?.status === "False" && issuing.message !== null ? issuing : null].find((c) => c !== null);
    const why = told?.message === null || told?.message === undefined ? "" : `: ${told.message}`;
    const remedy = `kubectl describe certificate ${certificate.metadata.name} says what holds its renewal up.`;
    const base = { kind: "certificate", group: `certificate/${secret}`, on, remedy, evidence: [{ kind: "status", text: `notAfter ${end ?? "unknown"}${why}`, at: null, on }] } satisfies Partial<Finding>;
    if (leftMs !== null && end !== null) {
      const wholeMs = ageMs(text(notBefore), new Date(end)) ?? Infinity;
      if (leftMs <= 0) return [{ ...base, status: "broken", tell: () => `the certificate of ${name} (Secret ${secret}) expired ${ageWords(Math.floor(-leftMs / 1000))} ago${why}` }];
      if (leftMs < Math.min(expiryWarningMs, wholeMs / 4)) return [{ ...base, status: "warning", tell: () => `the certificate of ${name} (Secret ${secret}) expires in ${ageWords(Math.floor(leftMs / 1000))}, on ${end.slice(0, 10)}${why}` }];
    }
    if (ready?.status === "False" && ready.reason !== "Issuing" && leftMs === null && (ageMs(ready.at, now) ?? 0) > 300_000) return [{ ...base, status: "warning", tell: () => `the certificate of ${name} (Secret ${secret}) was never issued${why}` }];
    return [];
  });
}
