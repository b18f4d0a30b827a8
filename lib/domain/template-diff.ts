/** Differences between two pod templates or ConfigMaps, for people and for the question "is it already so?". */

type Json = unknown;
type JsonObject = Record<string, Json>;

/** Marks that only say "restart": they make new pods but no other content. */
export const restartAnnotation = "kubectl.kubernetes.io/restartedAt";

/** Below these keys values may be secrets that somebody put in plain sight: the path is shown, never the value. */
const hiddenBelow = new Set(["env", "envFrom", "args", "command", "annotations", "data", "exec", "httpHeaders"]);

/** Keys by which Kubernetes matches list members (patchMergeKey of the core/v1 types). */
const memberKeys = ["name", "mountPath", "containerPort", "devicePath", "ip", "topologyKey", "key"] as const;

/** A copy without restart marks and without the emptied maps they leave behind. Accepts any JSON. */
export function withoutRestartMarks(template: Readonly<JsonObject>): JsonObject {
  const metadata = { ...asObject(template.metadata) };
  delete metadata.creationTimestamp;
  const annotations = { ...asObject(metadata.annotations) };
  delete annotations[restartAnnotation];
  if (Object.keys(annotations).length === 0) delete metadata.annotations;
  else metadata.annotations = annotations;
  return { ...template, metadata };
}

/** Whether two templates make the same pods: restart marks aside, images by digest where both name one. */
export function sameTemplate(a: Readonly<JsonObject>, b: Readonly<JsonObject>): boolean {
  return sameJson(withoutRestartMarks(a), withoutRestartMarks(b), "");
}

function sameJson(a: Json, b: Json, key: string): boolean {
  if (key === "image" && typeof a === "string" && typeof b === "string") return sameImage(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((member, index) => sameJson(member, b[index], ""));
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((name) => sameJson(a[name], b[name], name));
  }
  return a === b;
}

function sameImage(a: string, b: string): boolean {
  const [digestA, digestB] = [a.split("@")[1], b.split("@")[1]];
  return digestA !== undefined && digestB !== undefined ? digestA === digestB : a === b;
}

/** Replaces each container's image, by container name. Names that the template does not have are left out. */
export function withImages(template: Readonly<JsonObject>, images: Readonly<Record<string, string>>): JsonObject {
  const spec = asObject(template.spec);
  const replaced: JsonObject = { ...spec };
  for (const list of ["containers", "initContainers"]) {
    const containers = spec[list];
    if (!Array.isArray(containers)) continue;
    replaced[list] = containers.map((container: Json) => {
      const name = asObject(container).name;
      const image = typeof name === "string" && Object.hasOwn(images, name) ? images[name] : undefined;
      return image === undefined ? container : { ...asObject(container), image };
    });
  }
  return { ...template, spec: replaced };
}

/** Images of a template by container name, init containers included. */
export function templateImages(template: Readonly<JsonObject>): Record<string, string> {
  const spec = asObject(template.spec);
  const images: Record<string, string> = {};
  for (const list of [spec.initContainers, spec.containers]) {
    if (!Array.isArray(list)) continue;
    for (const member of list) {
      const { name, image } = asObject(member);
      if (typeof name === "string" && typeof image === "string") images[name] = image;
    }
  }
  return images;
}

/**
 * Paths that differ, images left out (they are listed by themselves):
 * "containers[auth].resources.limits.memory 256Mi → 512Mi". At most `limit` lines, then one that says how many more.
 */
export function templateChanges(before: Readonly<JsonObject>, after: Readonly<JsonObject>, limit = 40): string[] {
  const lines: string[] = [];
  collect(withoutRestartMarks(before), withoutRestartMarks(after), [], false, lines);
  return lines.length <= limit ? lines : [...lines.slice(0, limit), `and ${lines.length - limit} more`];
}

function collect(a: Json, b: Json, path: readonly string[], hidden: boolean, lines: string[]): void {
  if (sameJson(a, b, path.at(-1) ?? "")) return;
  if (path.at(-1) === "image") return;
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) collect(a[key], b[key], [...path, key], hidden || hiddenBelow.has(key), lines);
    return;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    const key = memberKeys.find((candidate) => [...a, ...b].every((member: Json) => isObject(member) && (typeof member[candidate] === "string" || typeof member[candidate] === "number")));
    if (key !== undefined) {
      const names = new Set([...a, ...b].map((member: Json) => String(asObject(member)[key])));
      for (const name of names) {
        const find = (list: Json[]): Json => list.find((member) => String(asObject(member)[key]) === name);
        collect(find(a), find(b), [...path.slice(0, -1), `${path.at(-1) ?? ""}[${name}]`], hidden, lines);
      }
      return;
    }
  }
  lines.push(`${shown(path)} ${described(a, b, hidden)}`);
}

function shown(path: readonly string[]): string {
  return (path[0] === "spec" ? path.slice(1) : path).join(".");
}

function described(a: Json, b: Json, hidden: boolean): string {
  if (a === undefined) return isScalar(b) && !hidden ? `added: ${String(b).slice(0, 60)}` : "added";
  if (b === undefined) return "removed";
  return !hidden && isScalar(a) && isScalar(b) ? `${String(a).slice(0, 60)} → ${String(b).slice(0, 60)}` : "changed";
}

export interface ConfigMapContent {
  name: string;
  data: Record<string, string>;
  binaryData: Record<string, string>;
}

/** Keys that differ, without values: "core-config: LOG_LEVEL". ConfigMaps that only `before` has are not mentioned: nothing is deleted. */
export function configMapChanges(before: readonly ConfigMapContent[], after: readonly ConfigMapContent[]): string[] {
  return after.flatMap((wanted) => {
    const present = before.find((candidate) => candidate.name === wanted.name);
    if (present === undefined) return [`${wanted.name}: created anew`];
    return [...differingKeys(present.data, wanted.data), ...differingKeys(present.binaryData, wanted.binaryData)].map((key) => `${wanted.name}: ${key}`);
  });
}

function differingKeys(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asObject(value: Json): JsonObject {
  return isObject(value) ? value : {};
}

function isScalar(value: Json): boolean {
  return value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
