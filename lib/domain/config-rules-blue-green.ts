import type { Config } from "#lib/contracts/config.ts";
import { colourNames, colours, isBlueGreen } from "#lib/domain/colour.ts";
import type { ConfigMistake } from "#lib/domain/config-rules.ts";

/** Names of blue-green must differ: two colours that are one Deployment cannot be switched, and a Service that is its own preview shows nothing. */
export function checkBlueGreen(config: Config): ConfigMistake[] {
  const used = config.environments.some(isBlueGreen);
  const mistakes: ConfigMistake[] = [];
  const workloads = new Map<string, string>();
  config.bigPods.forEach((bigPod, index) => {
    if (!used && bigPod.blueGreen === undefined) return;
    const names = colourNames(bigPod);
    const path = ["bigPods", index, "blueGreen"];
    if (names.service === names.previewService) mistakes.push({ path: [...path, "previewService"], expected: `another Service than ${names.service}, which serves` });
    for (const colour of colours) {
      const name = names.workloads[colour];
      const owner = workloads.get(name);
      if (owner !== undefined) mistakes.push({ path: [...path, colour], expected: `another Deployment: "${name}" is ${owner}` });
      else workloads.set(name, `the ${colour} of ${bigPod.name}`);
    }
  });
  return mistakes;
}
