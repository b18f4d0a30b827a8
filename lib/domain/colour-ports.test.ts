import { expect, test } from "vitest";
import { servicePorts } from "#lib/domain/colour-ports.ts";
import { core, deployment } from "#lib/domain/test-objects.ts";

const bigPod = { ...core, services: [{ name: "nginx", container: "nginx", port: 80, healthPath: "/health" }, { name: "auth", container: "auth", port: 3001, healthPath: "/ready" }, { name: "user", container: "user", port: 3002 }] };
const workload = deployment("core-green", {}, { spec: { template: { spec: { containers: [{ name: "nginx", ports: [{ name: "http", containerPort: 80 }] }, { name: "auth", ports: [{ name: "auth", containerPort: 3001 }] }] } } } });
const service = (ports: object[]) => ({ metadata: { name: "core-preview", uid: "s" }, spec: { ports } });

test.each([
  ["by number and by name", [{ port: 8080, targetPort: "http" }, { port: 3001 }], [{ service: "nginx", servicePort: 8080, port: 80, path: "/health" }, { service: "auth", servicePort: 3001, port: 3001, path: "/ready" }]],
  ["a name that no container has", [{ port: 80, targetPort: "web" }], []],
  ["a service without a health path is not asked", [{ port: 3002 }], []],
  ["nothing exposed", [], []],
])("%s", (_name, ports, asked) => {
  expect(servicePorts(bigPod, service(ports), workload)).toEqual(asked);
});
