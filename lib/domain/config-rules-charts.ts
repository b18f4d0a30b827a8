import type { Config } from "#lib/contracts/config.ts";
import type { ConfigMistake } from "#lib/domain/config-rules.ts";
import { panelVariables } from "#lib/domain/grafana-panel.ts";

const goldenVariables: readonly string[] = ["$environment", "$namespace", "$bigPod", "$service", "$range"];

/** Variables that do not exist, Big Pods that do not exist, and what an address of Grafana may not hold. */
export function chartMistakes({ goldenSignals, grafana, bigPods }: Pick<Config, "goldenSignals" | "grafana" | "bigPods">): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  for (const [key, template] of Object.entries(goldenSignals)) {
    if (typeof template !== "string") continue;
    const unknown = unknownIn(template, goldenVariables);
    if (unknown.length > 0) mistakes.push({ path: ["goldenSignals", key], expected: `only the variables ${goldenVariables.join(", ")}, not ${unknown.join(", ")}` });
  }
  if (grafana === undefined) return mistakes;
  for (const key of ["url", "publicUrl"] as const) {
    const url = URL.parse(grafana[key] ?? "");
    if (url !== null && (url.username !== "" || url.password !== "" || url.search !== "")) mistakes.push({ path: ["grafana", key], expected: "an address without user, password and query: a service account's token goes into grafana.token" });
  }
  if (grafana.embed === "proxy" && grafana.token === undefined && grafana.panels.length > 0) mistakes.push({ path: ["grafana", "token"], expected: "the token of a service account: with embed: proxy the portal fetches the panels itself" });
  grafana.panels.forEach((panel, index) => {
    for (const [name, text] of Object.entries(panel.variables)) {
      const unknown = unknownIn(text, panelVariables);
      if (unknown.length > 0) mistakes.push({ path: ["grafana", "panels", index, "variables", name], expected: `only the variables ${panelVariables.join(", ")}, not ${unknown.join(", ")}` });
    }
    (panel.bigPods ?? []).forEach((bigPod, at) => {
      if (!bigPods.some(({ name }) => name === bigPod)) mistakes.push({ path: ["grafana", "panels", index, "bigPods", at], expected: `one of the Big Pods: ${bigPods.map(({ name }) => name).join(", ")}` });
    });
  });
  return mistakes;
}

/** `$1` and `${…}` belong to label_replace, `$__all` and the like to Grafana. */
function unknownIn(text: string, known: readonly string[]): string[] {
  return [...new Set([...text.matchAll(/\$[A-Za-z]\w*/g)].map(([variable]) => variable))].filter((variable) => !known.includes(variable));
}
