import type { AfterGateConfig, BeforeGateConfig, Config, SmokeCheckConfig } from "#lib/contracts/config.ts";
import { egressMistake, isAllowed, parseEgress } from "#lib/domain/egress.ts";
import { unknownVariables } from "#lib/domain/metric-judge.ts";
import { smokePlaces } from "#lib/domain/smoke.ts";

type Path = (string | number)[];
interface Mistake {
  path: Path;
  expected: string;
}

/** A before gate that asks more than once holds the environment's turn for so long. */
const longestBeforeSeconds = 300;

/** Environments a Prometheus is configured for. */
export function hasPrometheus(config: Pick<Config, "prometheus">, environment: string): boolean {
  return config.prometheus.some((prometheus) => prometheus.environments?.includes(environment) ?? true);
}

/** What the schema cannot say of the gates of one environment: metrics without a Prometheus, checks that ask nothing, addresses that may not be asked. */
export function gateMistakes(config: Config, index: number, at: Path): Mistake[] {
  const environment = config.environments[index];
  if (environment === undefined) return [];
  const { before, after } = environment.policy.gates;
  return [...phaseMistakes(config, index, [...at, "gates", "before"], before), ...phaseMistakes(config, index, [...at, "gates", "after"], after)];
}

function phaseMistakes(config: Config, index: number, at: Path, gates: readonly (BeforeGateConfig | AfterGateConfig)[]): Mistake[] {
  const own = config.environments[index]?.name ?? "";
  const source = config.environments[index]?.policy.promotesFrom ?? config.environments[index - 1]?.name ?? own;
  const mistakes: Mistake[] = [];
  gates.forEach((gate, position) => {
    const place = [...at, position];
    const asked = "in" in gate && gate.in === "source" ? source : own;
    if ((gate.kind === "metric" || gate.kind === "no-new-alert") && !hasPrometheus(config, asked)) {
      mistakes.push({ path: [...place, "kind"], expected: `a gate that needs no Prometheus, or a Prometheus for "${asked}" under prometheus: none is configured for it` });
    }
    if (gate.kind === "metric") {
      if (gates.findIndex((other) => other.kind === "metric" && other.name === gate.name) < position) mistakes.push({ path: [...place, "name"], expected: `another name: "${gate.name}" stands above` });
      const unknown = unknownVariables(gate.query);
      if (unknown.length > 0) mistakes.push({ path: [...place, "query"], expected: `only the variables $environment, $namespace and $bigPods, not ${unknown.join(", ")}` });
      if (gate.failureLimit >= gate.count && gate.failureLimit > 0) mistakes.push({ path: [...place, "failureLimit"], expected: `less than count (${gate.count}): otherwise every measurement may fail` });
      if (at.at(-1) === "before" && (gate.count - 1) * gate.intervalSeconds > longestBeforeSeconds) mistakes.push({ path: [...place, "count"], expected: `measurements that take at most ${longestBeforeSeconds} s together before a promotion: ${gate.count} every ${gate.intervalSeconds} s take ${(gate.count - 1) * gate.intervalSeconds} s` });
    }
    if (gate.kind === "smoke") {
      const checks: readonly SmokeCheckConfig[] = gate.checks;
      if (checks.length === 0 && !config.bigPods.some((bigPod) => bigPod.services.some((service) => service.port !== undefined && service.healthPath !== undefined))) {
        mistakes.push({ path: place, expected: "checks, or services with a port and a healthPath: there is nothing to ask" });
      }
      checks.forEach((check, number) => mistakes.push(...smokeMistakes(config, check, [...place, "checks", number])));
    }
  });
  return mistakes;
}

function smokeMistakes(config: Config, check: SmokeCheckConfig, at: Path): Mistake[] {
  if (check.url !== undefined) {
    const url = new URL(check.url);
    if (url.username !== "" || url.password !== "") return [{ path: [...at, "url"], expected: "an address without a name or password in it" }];
    if (isAllowed(parseEgress(config.egress.allow), url)) return [];
    return [{ path: [...at, "url"], expected: `a host that stands in egress.allow: "${url.host}" does not${config.egress.allow.length === 0 ? " (nothing does)" : ""}` }];
  }
  const bigPods = config.bigPods.map((bigPod) => bigPod.name);
  if (check.bigPod !== undefined && !bigPods.includes(check.bigPod)) return [{ path: [...at, "bigPod"], expected: `one of the Big Pods: ${bigPods.join(", ")}` }];
  const among = config.bigPods.filter((bigPod) => check.bigPod === undefined || bigPod.name === check.bigPod).flatMap((bigPod) => bigPod.services);
  const named = among.filter((service) => check.service === undefined || service.name === check.service);
  if (named.length === 0) return [{ path: [...at, "service"], expected: `one of the services${check.bigPod === undefined ? "" : ` of ${check.bigPod}`}: ${among.map((service) => service.name).join(", ")}` }];
  if (smokePlaces(config.bigPods, check).length > 0) return [];
  const needs = check.path === undefined ? "a port and a healthPath (or a path here)" : "a port";
  return [{ path: at, expected: `a service with ${needs}: ${check.service === undefined ? "none has" : `${check.service} has not`}` }];
}

/** Prometheus servers for environments that do not exist, or two for one environment. */
export function prometheusMistakes(config: Config): Mistake[] {
  return upstreamMistakes(config, "prometheus", "Prometheus");
}

/** The same of Alertmanagers. */
export function alertmanagerMistakes(config: Config): Mistake[] {
  return upstreamMistakes(config, "alertmanager", "Alertmanager");
}

function upstreamMistakes(config: Config, key: "prometheus" | "alertmanager", title: string): Mistake[] {
  const names = config.environments.map((environment) => environment.name);
  const entries: readonly { environments?: readonly string[] | undefined }[] = config[key];
  return entries.flatMap(({ environments }, index) => {
    if (environments === undefined) {
      const first = entries.findIndex((other) => other.environments === undefined);
      return first < index ? [{ path: [key, index], expected: `environments: ${title === "Alertmanager" ? "an" : "a"} ${title} above is for all others already` }] : [];
    }
    return environments.flatMap((name, at) => {
      const path = [key, index, "environments", at];
      if (!names.includes(name)) return [{ path, expected: `one of the environments: ${names.join(", ")}` }];
      return entries.slice(0, index).some((other) => other.environments?.includes(name)) ? [{ path, expected: `an environment that no other ${title} has: "${name}" stands above` }] : [];
    });
  });
}

/** Entries of egress.allow that cannot be read. */
export function egressMistakes(config: Config): Mistake[] {
  return config.egress.allow.flatMap((entry, index) => {
    const expected = egressMistake(entry);
    return expected === null ? [] : [{ path: ["egress", "allow", index], expected }];
  });
}
