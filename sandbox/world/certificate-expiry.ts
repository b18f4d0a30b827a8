import type { Store } from "#sandbox/kube/types.ts";

const resource = "certificates.cert-manager.io";
const name = "dreamscape-tls";
const dayMs = 86_400_000;
/** cert-manager's conditions of a certificate that is well, and of one whose renewal does not succeed. */
const conditions = {
  well: { type: "Ready", status: "True", reason: "Ready", message: "Certificate is up to date and has not expired" },
  failing: { type: "Ready", status: "False", reason: "Expiring", message: "the order failed: DNS problem: NXDOMAIN" },
};

export function isCertificateExpiring(store: Store, namespace: string, nowMs: number): boolean {
  const found = store.list(resource, namespace).find((object) => object.metadata.name === name);
  return found !== undefined && Date.parse(found.status?.notAfter ?? "") - nowMs < 14 * dayMs;
}

/** Five days left and no renewal, or fifty of ninety as the seed has it. Nothing happens in a namespace without the certificate. */
export function setCertificateExpiring(store: Store, namespace: string, expiring: boolean, nowMs: number): void {
  const at = (days: number): string => new Date(nowMs + days * dayMs).toISOString().replace(/\.\d+Z$/, "Z");
  store.modify(resource, namespace, name, { manager: "cert-manager-controller", subresource: "status" }, (draft) => {
    const left = expiring ? 5 : 50;
    draft.status = { ...draft.status, notBefore: at(left - 90), notAfter: at(left), renewalTime: at(left - 30), conditions: [{ ...(expiring ? conditions.failing : conditions.well), lastTransitionTime: at(0), observedGeneration: 1 }] };
  });
}
