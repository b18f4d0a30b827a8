import { kinds } from "#lib/ports/cluster.ts";
import type { ClusterApi, ResourceKind } from "#lib/ports/cluster.ts";
import { drain } from "#lib/adapters/kubernetes/contract.ts";

/**
 * Why each right of deploy/*.yaml is there: what is lost without it, the test that shows this, and the request of Vigie's own that wants it.
 * The rights of the manifests and this table are held to be the same, right by right (lib/runtime/checks/manifests.test.ts).
 */
export interface Need {
  role: string;
  group: string;
  resource: string;
  verb: string;
  /** What breaks without it. */
  breaks: string;
  /** File, and words of the title of a test there that breaks. */
  test: readonly [file: string, title: string];
  /** Makes the very request, at an object that need not be there. */
  ask: (api: ClusterApi, namespace: string) => Promise<unknown>;
}

const nobody = "nobody-of-this-name";
const story = "e2e/contract-story.ts";

const surroundings = ["lib/worker/watchers/surroundings.sandbox.test.ts", "a kind that may not be read, or is not served, says so among the sources"] as const;
const sentences = (name: string) => ["lib/worker/watchers/twelve-sentences.test.ts", name] as const;
const restored = ["lib/worker/operations/operations.test.ts", "a rollback restores template and ConfigMaps whole"] as const;
const isolated = ["lib/worker/operations/isolation.test.ts", "by a NetworkPolicy: evidence first, then nothing in or out"] as const;
const isolationTakenOver = ["lib/worker/operations/isolation-crash.test.ts", "another goes on, and lifting restores exactly what was there"] as const;
const colours = ["lib/worker/operations/colour.test.ts", "a promotion goes to the idle colour and switches; its rollback is one switch"] as const;

type Ask = Need["ask"];
type Loss = Pick<Need, "breaks" | "test">;

const list = (kind: ResourceKind): Ask => (api, namespace) => api.list(kind, { limit: 1, ...(namespace === "" ? {} : { namespace }) });
const get = (kind: ResourceKind): Ask => (api, namespace) => api.get(kind, namespace, nobody);
const patch = (kind: ResourceKind): Ask => (api, namespace) => api.patch(kind, namespace, nobody, "merge", { metadata: { annotations: {} } }, { dryRun: true });
/** The first sign is enough: the watch stands, or is refused. */
const watch = (kind: ResourceKind): Ask => async (api, namespace) => {
  const ending = new AbortController();
  try {
    await api.watch(kind, { resourceVersion: "0", timeoutSeconds: 5, ...(namespace === "" ? {} : { namespace }) }, ending.signal)[Symbol.asyncIterator]().next();
  } finally {
    ending.abort();
  }
};

/** List and watch of one kind: a reflector needs both, and says which it lacks. */
function followed(role: string, kind: ResourceKind, loss: Loss): Need[] {
  const at = { role, group: kind.group, resource: kind.plural, ...loss };
  return [{ ...at, verb: "list", ask: list(kind) }, { ...at, verb: "watch", ask: watch(kind) }];
}

const state: Loss = { breaks: "the state of every Big Pod: its tiles say \"may not be read\" and are never green", test: [story, "what runs is seen, healthy and recorded as releases"] };
const lies = (what: string): Loss => ({ breaks: `${what}; among the sources that part says "may not be read"`, test: surroundings });

const reader: Need[] = [
  ...followed("vigie-reader", kinds.deployments, state),
  { role: "vigie-reader", group: "apps", resource: "deployments", verb: "get", breaks: "every operation: a step reads the Deployment itself, not what a watch knew, before it writes", test: [story, "a promotion brings exactly the digest that ran in staging"], ask: get(kinds.deployments) },
  ...followed("vigie-reader", kinds.replicaSets, state),
  ...followed("vigie-reader", kinds.pods, state),
  ...followed("vigie-reader", kinds.events, { breaks: "causes that the kubelet, the scheduler or the quota tells in events", test: sentences("an image that cannot be pulled: the registry's words") }),
  ...followed("vigie-reader", kinds.configMaps, { breaks: "releases: none is recorded without the ConfigMaps that it seals, so nothing is promoted or rolled back", test: [story, "what runs is seen, healthy and recorded as releases"] }),
  { role: "vigie-reader", group: "", resource: "configmaps", verb: "get", breaks: "rollback of a release whose ConfigMap differs", test: restored, ask: get(kinds.configMaps) },
  { role: "vigie-reader", group: "", resource: "pods/proxy", verb: "get", breaks: "health of the services inside a pod: processes stay unknown, and a promotion of them never passes its gates", test: sentences("a supervised process that was given up, in a pod that is ready"), ask: (api, namespace) => api.podHttp(namespace, nobody, 80, "/health", 5_000) },
  ...followed("vigie-reader", kinds.services, lies("warnings of Services that lead nowhere, and blue-green altogether")),
  ...followed("vigie-reader", kinds.persistentVolumeClaims, lies("causes that name a volume that is not bound")),
  ...followed("vigie-reader", kinds.ingresses, lies("warnings of Ingresses that lead nowhere")),
  ...followed("vigie-reader", kinds.networkPolicies, { breaks: "isolating from the network (it is refused where another policy might let traffic through and that cannot be told), and warnings of policies", test: ["lib/worker/operations/isolation.test.ts", "where another NetworkPolicy lets traffic through"] }),
  ...followed("vigie-reader", kinds.autoscalers, lies("the warning of an autoscaler at its maximum, and blue-green with autoscalers")),
  ...followed("vigie-reader", kinds.jobs, lies("warnings of Jobs that failed")),
  ...followed("vigie-reader", kinds.cronJobs, lies("warnings of CronJobs that failed or are late")),
  ...followed("vigie-reader", kinds.certificates, lies("the warning of a certificate about to expire")),
];

const others: Need[] = [
  { role: "vigie-logs", group: "", resource: "pods/log", verb: "get", breaks: "the logs on the page of a Big Pod, the last line of a container that ended, and the logs saved before isolating", test: sentences("crash loop: the exit code and the last error line"), ask: (api, namespace) => drain(api.podLog(namespace, nobody, { container: "app", follow: false }, new AbortController().signal)) },
  { role: "vigie-supervisor", group: "", resource: "pods/proxy", verb: "create", breaks: "the word of a supervisor inside a pod", test: ["lib/worker/watchers/probe-pod.test.ts", "where the supervisor is the only one to ask, its refusal is the answer each time"], ask: (api, namespace) => api.podHttp(namespace, nobody, 9001, "/RPC2", 5_000, undefined, { contentType: "text/xml", body: "<methodCall/>" }) },
  ...followed("vigie-nodes", kinds.nodes, { breaks: "causes that name the node, and the architecture in \"exec format error\"", test: sentences("a node that is not ready") }).map((need) => ({ ...need, ask: (api: ClusterApi) => need.ask(api, "") })),
];

const writer: Need[] = [
  { role: "vigie-writer", group: "apps", resource: "deployments", verb: "patch", breaks: "promotion, restart, scaling, isolating: \"refuses to write Deployment …\", and nothing was changed", test: ["e2e/story.real.test.ts", "Without vigie-writer everything is seen, and an operation ends with the cluster's words and changes nothing"], ask: patch(kinds.deployments) },
  { role: "vigie-writer", group: "apps", resource: "deployments", verb: "update", breaks: "rollback: the recorded template replaces the whole one", test: restored, ask: (api, namespace) => api.replace(kinds.deployments, namespace, nobody, deployment(namespace)) },
  { role: "vigie-writer", group: "", resource: "configmaps", verb: "create", breaks: "rollback to a release whose ConfigMap was deleted since", test: restored, ask: (api, namespace) => api.create(kinds.configMaps, namespace, configMap(namespace, { generateName: "vigie-rights-" })) },
  { role: "vigie-writer", group: "", resource: "configmaps", verb: "update", breaks: "rollback of a release whose ConfigMap differs", test: [story, "a rollback restores images and ConfigMap"], ask: (api, namespace) => api.replace(kinds.configMaps, namespace, nobody, configMap(namespace, { name: nobody, uid: "00000000-0000-4000-8000-000000000000", resourceVersion: "1" })) },
  { role: "vigie-writer", group: "", resource: "configmaps", verb: "patch", breaks: "taking a rollback over from a worker that died: the mark that makes its late writes a conflict", test: ["lib/worker/operations/crash.test.ts", "ACCEPTANCE 5: during a rollback: the next worker completes it to the recorded release"], ask: patch(kinds.configMaps) },
  { role: "vigie-writer", group: "networking.k8s.io", resource: "networkpolicies", verb: "get", breaks: "isolating from the network", test: isolated, ask: get(kinds.networkPolicies) },
  { role: "vigie-writer", group: "networking.k8s.io", resource: "networkpolicies", verb: "create", breaks: "isolating from the network", test: isolated, ask: (api, namespace) => api.create(kinds.networkPolicies, namespace, { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { generateName: "vigie-rights-", namespace }, spec: { podSelector: { matchLabels: { app: nobody } }, policyTypes: ["Ingress"] } }) },
  { role: "vigie-writer", group: "networking.k8s.io", resource: "networkpolicies", verb: "patch", breaks: "isolating from the network: the policy is made inert and put in force by a patch", test: isolationTakenOver, ask: patch(kinds.networkPolicies) },
  { role: "vigie-writer", group: "networking.k8s.io", resource: "networkpolicies", verb: "delete", breaks: "lifting an isolation", test: isolated, ask: (api, namespace) => api.remove(kinds.networkPolicies, namespace, nobody, { uid: "00000000-0000-4000-8000-000000000000", resourceVersion: "1" }) },
];

const blueGreen: Need[] = [
  { role: "vigie-colours-reader", group: "", resource: "services", verb: "get", breaks: "every switch: the Service itself is read before it is written", test: colours, ask: get(kinds.services) },
  { role: "vigie-colours-reader", group: "autoscaling", resource: "horizontalpodautoscalers", verb: "get", breaks: "a switch of a Big Pod with an autoscaler", test: colours, ask: get(kinds.horizontalPodAutoscalers) },
  { role: "vigie-colours-reader", group: "discovery.k8s.io", resource: "endpointslices", verb: "list", breaks: "a switch: whether the Service leads to ready pods cannot be told", test: colours, ask: list(kinds.endpointSlices) },
  { role: "vigie-colours-reader", group: "", resource: "endpoints", verb: "get", breaks: "the same, on clusters before Kubernetes 1.21", test: ["lib/worker/operations/colour.real.test.ts", "promote to the idle colour, back with one switch, and a selector edited by hand"], ask: get(kinds.endpoints) },
  { role: "vigie-colours-reader", group: "", resource: "services/proxy", verb: "get", breaks: "asking the preview Service as a client would: its pods are asked instead, and that is said", test: ["lib/worker/operations/colour-interference.test.ts", "without the right to ask a Service its pods are asked, and that is said"], ask: (api, namespace) => api.serviceHttp(namespace, nobody, 80, "/health", 5_000) },
  { role: "vigie-colours-writer", group: "", resource: "services", verb: "patch", breaks: "every switch", test: colours, ask: patch(kinds.services) },
  { role: "vigie-colours-writer", group: "autoscaling", resource: "horizontalpodautoscalers", verb: "patch", breaks: "a switch of a Big Pod with an autoscaler", test: colours, ask: patch(kinds.horizontalPodAutoscalers) },
];

export const allNeeds: readonly Need[] = [...reader, ...others, ...writer, ...blueGreen];

function configMap(namespace: string, metadata: object): Record<string, unknown> {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { ...metadata, namespace }, data: {} };
}

function deployment(namespace: string): Record<string, unknown> {
  const labels = { app: nobody };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: nobody, namespace, uid: "00000000-0000-4000-8000-000000000000", resourceVersion: "1" }, spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "app" }] } } } };
}

/** The page of the documentation that this table makes. */
export function rightsDocument(): string {
  const rows = allNeeds.map(({ role, verb, group, resource, breaks, test: [file, title] }) => `| \`${role}\` | ${verb} \`${resource}\`${group === "" ? "" : ` (${group})`} | ${breaks} | ${title} (\`${file}\`) |`);
  return `# Every right, and what breaks without it

Made from \`lib/adapters/kubernetes/test-rights.ts\` (\`npm test -- lib/runtime/checks/manifests.test.ts -u\` writes it anew). The rights are those of [deploy/rbac.yaml](../deploy/rbac.yaml), [deploy/rbac-blue-green.yaml](../deploy/rbac-blue-green.yaml) and [deploy/accounts.yaml](../deploy/accounts.yaml), one by one, and there are no others: a test holds both to be the same.

\`lib/adapters/kubernetes/rights.real.test.ts\` applies the manifests to a real API server, and for each row makes the request as Vigie makes it: allowed with the rights as they are, and refused as \`forbidden\`, with the sentence that Vigie shows, once this one verb is taken away. The stand-in of the API server that the test named in the row runs against gives Vigie exactly these rights too.

| Role | right | what breaks without it | shown by |
|---|---|---|---|
${rows.join("\n")}
`;
}
