import type { BigPodConfig } from "#lib/contracts/config.ts";
import { fields, list, templateContainers, text } from "#lib/domain/fold-read.ts";
import type { RawObject } from "#lib/domain/fold-read.ts";

export interface AskedPort {
  service: string;
  /** Of the Service, and where it leads in the pods. */
  servicePort: number;
  port: number;
  path: string;
}

/** Services of a Big Pod that can be asked through a Kubernetes Service: those with a health path whose port it exposes, by number or by the name a container gives it. */
export function servicePorts(bigPod: BigPodConfig, service: RawObject, workload: RawObject): AskedPort[] {
  const named = new Map(templateContainers(workload).flatMap((container) => list(container["ports"]).map((port) => [text(port["name"]), port["containerPort"]] as const)));
  const exposed = list(fields(service.spec)["ports"]).flatMap((port) => {
    const target = port["targetPort"] ?? port["port"];
    const number = typeof target === "string" ? named.get(target) : target;
    return typeof port["port"] === "number" && typeof number === "number" ? [{ servicePort: port["port"], port: number }] : [];
  });
  return bigPod.services.flatMap(({ name, port, healthPath }) => {
    const found = exposed.find((candidate) => candidate.port === port);
    return found === undefined || port === undefined || healthPath === undefined ? [] : [{ service: name, servicePort: found.servicePort, port, path: healthPath }];
  });
}
