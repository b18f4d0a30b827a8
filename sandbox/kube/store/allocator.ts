import type { Allocator } from "#sandbox/kube/objects/defaults.ts";
import { records } from "#sandbox/kube/objects/pod-defaults.ts";
import type { KubeObject } from "#sandbox/kube/types.ts";

const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;
const ADDRESSES = 254 * 254;

/** Cluster addresses of 10.43.0.0/16 (the service network of K3s) and node ports, the lowest that no service holds. 10.43.0.1 and .10 stay for the API and DNS. */
export function serviceAllocator(services: () => readonly KubeObject[]): Allocator {
  return {
    clusterIp() {
      const used = new Set<unknown>(services().map((service) => service.spec?.clusterIP));
      for (let index = 11; index < ADDRESSES; index++) {
        const address = `10.43.${Math.floor(index / 254)}.${(index % 254) + 1}`;
        if (!used.has(address)) return address;
      }
      throw new Error("the service network 10.43.0.0/16 has no free address");
    },
    nodePort() {
      const used = new Set<unknown>(services().flatMap((service) => records(service.spec, "ports").map((port) => port.nodePort)));
      for (let port = FIRST_NODE_PORT; port <= LAST_NODE_PORT; port++) if (!used.has(port)) return port;
      throw new Error("no free node port is left");
    },
  };
}
