import { portNumber, type Pod } from "#sandbox/controllers/pod-shape.ts";

/** A port of a Service. */
export interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
  protocol?: string;
}

/** Where the service's port leads in this pod; undefined when it names a port that no container has. */
export function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  for (const container of pod.spec.containers) {
    const number = portNumber(container, target);
    if (number !== undefined) return number;
  }
  return undefined;
}
