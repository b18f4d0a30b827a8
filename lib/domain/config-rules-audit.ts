import type { Config } from "#lib/contracts/config.ts";
import { isAllowed, parseEgress } from "#lib/domain/egress.ts";

/** What the schema cannot say of the places of checkpoints: names and files that must differ, addresses where egress.allow leads. */
export function checkpointMistakes(config: Config): { path: (string | number)[]; expected: string }[] {
  const { places } = config.audit.checkpoints;
  const rules = parseEgress(config.egress.allow);
  return places.flatMap((place, index) => {
    const at = ["audit", "checkpoints", "places", index];
    const mistakes: { path: (string | number)[]; expected: string }[] = [];
    if (places.findIndex(({ name }) => name === place.name) < index) mistakes.push({ path: [...at, "name"], expected: `another name: "${place.name}" stands above` });
    if (place.kind === "file") {
      if (places.findIndex((other) => other.kind === "file" && other.path === place.path) < index) mistakes.push({ path: [...at, "path"], expected: "another file: a place above writes into this one" });
      return mistakes;
    }
    const url = new URL(place.url);
    if (url.username !== "" || url.password !== "") mistakes.push({ path: [...at, "url"], expected: "an address without a name or password in it" });
    else if (place.kind === "s3" && (url.pathname !== "/" || url.search !== "" || url.hash !== "")) mistakes.push({ path: [...at, "url"], expected: "the endpoint alone, such as https://<account>.r2.cloudflarestorage.com; the bucket stands beside it" });
    else if (!isAllowed(rules, url)) mistakes.push({ path: [...at, "url"], expected: `a host that stands in egress.allow: "${url.host}" does not${config.egress.allow.length === 0 ? " (nothing does)" : ""}` });
    return mistakes;
  });
}
