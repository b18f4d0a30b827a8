import type { GateResult } from "#lib/contracts/operation.ts";
import type { SealedBigPod } from "#lib/contracts/release.ts";
import { fields, list, text } from "#lib/domain/fold-read.ts";
import { gateFromFindings, listed } from "#lib/domain/gate.ts";
import type { EnvironmentFacts } from "#lib/domain/plan-facts.ts";

type Fields = Record<string, unknown>;

/** Kustomize adds ten characters of this alphabet to generated names: core-config-7f9h2km4tg. They differ from environment to environment. */
const generatedSuffix = /-[bcdfghkmt2456789]{10}$/;
const plain = (name: string): string => name.replace(generatedSuffix, "");

/**
 * The configuration keys a Big Pod is given, as people name them; values never. Environment variables count whether they are written out or come from
 * a ConfigMap; of Secrets only their names (and the keys the template itself names) are known. Optional references are left out.
 */
export function configurationKeys(sealed: Pick<SealedBigPod, "template" | "configMaps">): Set<string> {
  const keys = new Set<string>();
  const spec = fields(sealed.template["spec"]);
  const mapOf = (name: string): SealedBigPod["configMaps"][number] | undefined => sealed.configMaps.find((map) => map.name === name);
  for (const container of [...list(spec["containers"]), ...list(spec["initContainers"])]) {
    const owner = text(container["name"]) ?? "?";
    for (const variable of list(container["env"])) {
      const name = text(variable["name"]);
      if (name === null || optional(variable["valueFrom"])) continue;
      keys.add(`${owner}: ${name}`);
      const secret = fields(fields(variable["valueFrom"])["secretKeyRef"]);
      const [secretName, secretKey] = [text(secret["name"]), text(secret["key"])];
      if (secretName !== null && secretKey !== null) keys.add(`Secret ${plain(secretName)}: ${secretKey}`);
    }
    for (const from of list(container["envFrom"])) {
      const prefix = text(from["prefix"]) ?? "";
      const map = fields(from["configMapRef"]);
      const secret = fields(from["secretRef"]);
      const [mapName, secretName] = [text(map["name"]), text(secret["name"])];
      if (mapName !== null && map["optional"] !== true) for (const key of Object.keys(mapOf(mapName)?.data ?? {})) keys.add(`${owner}: ${prefix}${key}`);
      if (secretName !== null && secret["optional"] !== true) keys.add(`Secret ${plain(secretName)} (as environment of ${owner})`);
    }
    for (const mount of list(container["volumeMounts"])) {
      const volume = list(spec["volumes"]).find((candidate) => candidate["name"] === mount["name"]);
      for (const key of volumeKeys(volume, mapOf)) keys.add(`${owner}: ${key}`);
    }
  }
  return keys;
}

function optional(valueFrom: unknown): boolean {
  const from = fields(valueFrom);
  return fields(from["configMapKeyRef"])["optional"] === true || fields(from["secretKeyRef"])["optional"] === true;
}

function volumeKeys(volume: Fields | undefined, mapOf: (name: string) => SealedBigPod["configMaps"][number] | undefined): string[] {
  if (volume === undefined) return [];
  const sources = [volume, ...list(fields(volume["projected"])["sources"])];
  return sources.flatMap((source) => {
    const map = fields(source["configMap"]);
    const secret = fields(source["secret"]);
    const name = text(map["name"]);
    const secretName = text(secret["secretName"]) ?? text(secret["name"]);
    const found = name === null ? undefined : mapOf(name);
    return [
      ...(name === null || map["optional"] === true || found === undefined ? [] : [...Object.keys(found.data), ...Object.keys(found.binaryData)].map((key) => `file ${key} of ConfigMap ${plain(name)}`)),
      ...(secretName === null || secret["optional"] === true ? [] : [`files of Secret ${plain(secretName)}`]),
    ];
  });
}

/** The target has every configuration key that the source has. From the release records; what is not recorded as settled is not known. */
export function parityGate(source: EnvironmentFacts, target: EnvironmentFacts, bigPods: readonly string[]): GateResult {
  const extras = { rule: `every configuration key of ${source.name} exists in ${target.name}` };
  const findings = bigPods.map((bigPod): { verdict: GateResult["verdict"]; sentence: string } => {
    for (const facts of [source, target]) {
      if (facts.release?.settled !== true || !facts.recorded.has(bigPod)) return { verdict: "inconclusive", sentence: `what ${bigPod} is configured with in ${facts.name} is not recorded: it has not settled on a release` };
    }
    const [there, here] = [source.recorded.get(bigPod), target.recorded.get(bigPod)];
    if (there === undefined || here === undefined) return { verdict: "inconclusive", sentence: `${bigPod} is not recorded on both sides` };
    const has = configurationKeys(here);
    const lacking = [...configurationKeys(there)].filter((key) => !has.has(key)).sort();
    if (lacking.length === 0) return { verdict: "pass", sentence: bigPod };
    const shown = lacking.length > 8 ? `${lacking.slice(0, 8).join(", ")} and ${lacking.length - 8} more` : lacking.join(", ");
    return { verdict: "fail", sentence: `${bigPod} in ${target.name} lacks what it has in ${source.name}: ${shown}` };
  });
  return gateFromFindings("parity", findings, `${listed(bigPods)}: ${target.name} has every key that ${source.name} has`, target.now, extras);
}
