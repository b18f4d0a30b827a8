import type { NodeImage } from "#sandbox/controllers/node-images.ts";
import type { NewObject } from "#sandbox/controllers/object-keys.ts";

const region = "eu-frankfurt-1";
const names = ["arm-a1-1", "arm-a1-2", "arm-a1-3"];

/** Internal addresses of the nodes, in their order. */
export const nodeAddresses = names.map((_name, index) => `10.0.0.${11 + index}`);

/** Three small Oracle Cloud Ampere A1 machines (2 OCPU, 12 GB), one of them the K3s server. `images`: what each has pulled by now. */
export function nodeObjects(nowMs: number, images: readonly NodeImage[] = []): NewObject[] {
  const at = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  const joined = `${new Date(nowMs - 212 * 86_400_000).toISOString().slice(0, 19)}Z`;
  const condition = (type: string, status: string, reason: string, message: string) => ({ type, status, reason, message, lastHeartbeatTime: at, lastTransitionTime: joined });
  return names.map((name, index) => {
    const address = nodeAddresses[index] ?? "";
    const capacity = { cpu: "2", memory: "12008460Ki", "ephemeral-storage": "49147180Ki", pods: "110" };
    return {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        creationTimestamp: joined,
        labels: {
          "beta.kubernetes.io/arch": "arm64",
          "beta.kubernetes.io/os": "linux",
          "kubernetes.io/arch": "arm64",
          "kubernetes.io/os": "linux",
          "kubernetes.io/hostname": name,
          "node.kubernetes.io/instance-type": "VM.Standard.A1.Flex",
          "topology.kubernetes.io/region": region,
          "topology.kubernetes.io/zone": `${region}-ad-${index + 1}`,
          ...(index === 0 && { "node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/master": "true" }),
        },
        annotations: { "k3s.io/internal-ip": address, "k3s.io/hostname": name, "node.alpha.kubernetes.io/ttl": "0" },
      },
      spec: { podCIDR: `10.42.${index}.0/24`, podCIDRs: [`10.42.${index}.0/24`], providerID: `k3s://${name}` },
      status: {
        capacity,
        allocatable: { ...capacity, memory: "11503628Ki", "ephemeral-storage": "47810376Ki" },
        addresses: [{ type: "InternalIP", address }, { type: "Hostname", address: name }],
        conditions: [
          condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
          condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
          condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
          condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ],
        images: [...images],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        nodeInfo: {
          machineID: `9f2c4d1e7a6b4f0c8d3e5a7b9c1d2e${(16 + index).toString(16)}`,
          systemUUID: `5d1f0b7e-2c3a-4e8f-9b6d-1a2c3e4f5a${(16 + index).toString(16)}`,
          bootID: `0c9d8e7f-6a5b-4c3d-8e2f-1a0b9c8d7e${(16 + index).toString(16)}`,
          kernelVersion: "6.8.0-1014-oracle",
          osImage: "Ubuntu 24.04.1 LTS",
          containerRuntimeVersion: "containerd://1.7.20-k3s1",
          kubeletVersion: "v1.30.5+k3s1",
          kubeProxyVersion: "v1.30.5+k3s1",
          operatingSystem: "linux",
          architecture: "arm64",
        },
      },
    };
  });
}
