import type { Container, PodSpec } from "#sandbox/controllers/pod-shape.ts";
import type { KubeObject, Store } from "#sandbox/kube/types.ts";

/** Why the container's environment cannot be made, in the kubelet's words; undefined when all it refers to is there. */
export function configError(store: Store, namespace: string | undefined, container: Container): string | undefined {
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef && !configMapRef.optional && !store.get("configmaps", namespace, configMapRef.name)) return `configmap "${configMapRef.name}" not found`;
    if (secretRef && !secretRef.optional && !store.get("secrets", namespace, secretRef.name)) return `secret "${secretRef.name}" not found`;
  }
  for (const { valueFrom } of container.env ?? []) {
    const map = valueFrom?.configMapKeyRef;
    if (map && !map.optional) {
      const found = store.get("configmaps", namespace, map.name);
      if (!found) return `configmap "${map.name}" not found`;
      if (found.data?.[map.key] === undefined && found.binaryData?.[map.key] === undefined) return `couldn't find key ${map.key} in ConfigMap ${namespace}/${map.name}`;
    }
    const secret = valueFrom?.secretKeyRef;
    if (secret && !secret.optional) {
      const found = store.get("secrets", namespace, secret.name);
      if (!found) return `secret "${secret.name}" not found`;
      if (found.data?.[secret.key] === undefined) return `couldn't find key ${secret.key} in Secret ${namespace}/${secret.name}`;
    }
  }
  return undefined;
}

/** The container's environment variables. What is missing and optional is left out; what is missing and not optional, `configError` tells. */
export function environmentOf(store: Store, namespace: string | undefined, container: Container): Record<string, string> {
  const variables: Record<string, string> = {};
  const decoded = (secret: KubeObject | undefined) => Object.fromEntries(Object.entries<string>(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]));
  const data = (map: string | undefined, secret: string | undefined): Record<string, string> =>
    map !== undefined ? (store.get("configmaps", namespace, map)?.data ?? {}) : secret !== undefined ? decoded(store.get("secrets", namespace, secret)) : {};
  for (const { configMapRef, secretRef, prefix = "" } of container.envFrom ?? []) {
    for (const [key, value] of Object.entries(data(configMapRef?.name, secretRef?.name))) variables[prefix + key] = value;
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const reference = valueFrom?.configMapKeyRef ?? valueFrom?.secretKeyRef;
    const found = reference ? data(valueFrom?.configMapKeyRef?.name, valueFrom?.secretKeyRef?.name)[reference.key] : (value ?? "");
    if (found !== undefined) variables[name] = found;
  }
  return variables;
}

/** Why a volume cannot be mounted, in the kubelet's words. */
export function mountError(store: Store, namespace: string | undefined, spec: PodSpec): string | undefined {
  for (const { name, configMap, secret } of spec.volumes ?? []) {
    if (configMap && !configMap.optional && !store.get("configmaps", namespace, configMap.name)) return `MountVolume.SetUp failed for volume "${name}" : configmap "${configMap.name}" not found`;
    if (secret && !secret.optional && !store.get("secrets", namespace, secret.secretName)) return `MountVolume.SetUp failed for volume "${name}" : secret "${secret.secretName}" not found`;
  }
  return undefined;
}
