import type { Config } from "#lib/contracts/config.ts";
import { egressMistake, isAllowed, parseEgress } from "#lib/domain/egress.ts";
import { fillRunbookUrl, runbookLink } from "#lib/domain/runbook.ts";

interface Mistake {
  path: (string | number)[];
  expected: string;
}

/** What the schema cannot say of channels: names that must differ, environments that must exist, webhooks where egress.allow leads. */
export function notificationMistakes(config: Config): Mistake[] {
  const environments = config.environments.map(({ name }) => name);
  const names = config.notifications.map(({ name }) => name);
  return config.notifications.flatMap((channel, index) => {
    const at = ["notifications", index];
    const mistakes: Mistake[] = [];
    if (names.indexOf(channel.name) < index) mistakes.push({ path: [...at, "name"], expected: `another name: "${channel.name}" stands above` });
    (channel.environments ?? []).forEach((environment, position) => {
      if (!environments.includes(environment)) mistakes.push({ path: [...at, "environments", position], expected: `one of the environments: ${environments.join(", ")}` });
    });
    if (channel.kind === "email" && (channel.username === undefined) !== (channel.password === undefined)) mistakes.push({ path: at, expected: "username and password together, or neither" });
    if (channel.kind === "email" && !/^[^\s/:@]+$|^[0-9a-f:.]+$/i.test(channel.host)) mistakes.push({ path: [...at, "host"], expected: "the host of a mail server, without protocol or port" });
    if (channel.kind !== "email") {
      const url = new URL(channel.url);
      if (url.username !== "" || url.password !== "") mistakes.push({ path: [...at, "url"], expected: "an address without a name or password in it" });
      else if (channel.kind === "webhook" && !isAllowed(parseEgress(config.egress.allow), url)) mistakes.push({ path: [...at, "url"], expected: `a host that stands in egress.allow: "${url.host}" does not${config.egress.allow.length === 0 ? " (nothing does)" : ""}` });
    }
    return mistakes;
  });
}

/** Hosts that cannot be read, and a template whose host is not among them. */
export function runbookMistakes({ runbooks }: Pick<Config, "runbooks">): Mistake[] {
  const mistakes = runbooks.allow.flatMap((entry, index) => {
    const expected = egressMistake(entry);
    return expected === null ? [] : [{ path: ["runbooks", "allow", index], expected }];
  });
  if (runbooks.url === undefined) return mistakes;
  const unknown = [...runbooks.url.matchAll(/\$[A-Za-z_]\w*/g)].map(([variable]) => variable).filter((variable) => variable !== "$alert" && variable !== "$runbook");
  if (unknown.length > 0) mistakes.push({ path: ["runbooks", "url"], expected: `only the variables $alert and $runbook, not ${unknown.join(", ")}` });
  const link = runbookLink(fillRunbookUrl(runbooks.url, { alert: "alert", runbook: "runbook" }), runbooks.allow);
  if ("refused" in link) mistakes.push({ path: ["runbooks", "url"], expected: `an http or https address whose host stands in runbooks.allow: ${link.refused}` });
  return mistakes;
}
