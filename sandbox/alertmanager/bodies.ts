import { labelName, type Matcher } from "#sandbox/alertmanager/matchers.ts";
import type { PostedAlert } from "#sandbox/alertmanager/alerts.ts";
import { ApiRefusal } from "#sandbox/alertmanager/refusal.ts";

/** What POST bodies may be, refused as Alertmanager's generated parser and its own checks refuse them. */

export interface PostedSilence {
  id: string | undefined;
  matchers: Matcher[];
  startsAtMs: number;
  endsAtMs: number;
  createdBy: string;
  comment: string;
}

const goKinds: Readonly<Record<string, string>> = { string: "string", number: "number", boolean: "bool", object: "object" };

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : (goKinds[typeof value] ?? "null");
}

function unparsable(why: string): ApiRefusal {
  return new ApiRefusal(400, `parsing body from "" failed, because ${why}`, 400);
}

/** Of JSON; throws ApiRefusal when it is none. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unparsable(error instanceof Error ? error.message : "it is no JSON");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown, field: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw unparsable(`json: cannot unmarshal ${kindOf(value)} into Go struct field ${field} of type models.LabelSet`);
  const wrong = Object.values(value).find((one) => typeof one !== "string");
  if (wrong !== undefined) throw unparsable(`json: cannot unmarshal ${kindOf(wrong)} into Go struct field ${field} of type string`);
  // Just seen to hold texts only.
  return value as Record<string, string>;
}

const goZero = -62_135_596_800_000;

function timeOf(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const atMs = typeof value === "string" && /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs)) throw unparsable(`parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00" failed (${field})`);
  return atMs === goZero ? undefined : atMs;
}

/** Of POST /api/v2/alerts: a first wrong one does not keep the others from being taken, as in Alertmanager. */
export function parseAlerts(body: unknown): { alerts: PostedAlert[]; refusals: string[] } {
  if (!Array.isArray(body)) throw new ApiRefusal(400, `parsing alerts body from "" failed, because json: cannot unmarshal ${kindOf(body)} into Go value of type models.PostableAlerts`, 400);
  const alerts: PostedAlert[] = [];
  const refusals: string[] = [];
  body.forEach((given: unknown, index) => {
    if (!isRecord(given)) throw unparsable(`json: cannot unmarshal ${kindOf(given)} into Go value of type models.PostableAlert`);
    if (given.labels === undefined || given.labels === null) throw new ApiRefusal(422, `${index}.labels in body is required`, 602);
    const labels = Object.fromEntries(Object.entries(texts(given.labels, "labels")).filter(([, value]) => value !== ""));
    const alert: PostedAlert = { labels, annotations: texts(given.annotations, "annotations"), startsAtMs: timeOf(given.startsAt, "startsAt"), endsAtMs: timeOf(given.endsAt, "endsAt"), generatorURL: typeof given.generatorURL === "string" ? given.generatorURL : "" };
    const refusal = refusalOf(alert);
    if (refusal === undefined) alerts.push(alert);
    else refusals.push(refusal);
  });
  return { alerts, refusals };
}

function refusalOf({ labels, annotations, startsAtMs, endsAtMs }: PostedAlert): string | undefined {
  if (startsAtMs !== undefined && endsAtMs !== undefined && endsAtMs < startsAtMs) return "start time must be before end time";
  const wrong = Object.keys(labels).find((name) => !labelName.test(name));
  if (wrong !== undefined) return `invalid label set: invalid name ${JSON.stringify(wrong)}`;
  if (Object.keys(labels).length === 0) return "at least one label pair required";
  const wrongAnnotation = Object.keys(annotations).find((name) => !labelName.test(name));
  return wrongAnnotation === undefined ? undefined : `invalid annotations: invalid name ${JSON.stringify(wrongAnnotation)}`;
}

/** Of POST /api/v2/silences. */
export function parseSilence(body: unknown): PostedSilence {
  if (!isRecord(body)) throw new ApiRefusal(400, `parsing silence body from "" failed, because json: cannot unmarshal ${kindOf(body)} into Go value of type models.PostableSilence`, 400);
  const text = (name: string): string => {
    const value = body[name];
    if (value === undefined || value === null) throw new ApiRefusal(422, `${name} in body is required`, 602);
    if (typeof value !== "string") throw unparsable(`json: cannot unmarshal ${kindOf(value)} into Go struct field .${name} of type string`);
    return value;
  };
  const [comment, createdBy] = [text("comment"), text("createdBy")];
  const [startsAtMs, endsAtMs] = [timeOf(text("startsAt"), "startsAt"), timeOf(text("endsAt"), "endsAt")];
  const { matchers } = body;
  if (!Array.isArray(matchers)) throw new ApiRefusal(422, "matchers in body is required", 602);
  if (matchers.length === 0) throw new ApiRefusal(422, "matchers in body should have at least 1 items", 612);
  return { id: typeof body.id === "string" ? body.id : undefined, comment, createdBy, startsAtMs: startsAtMs ?? goZero, endsAtMs: endsAtMs ?? goZero, matchers: matchers.map(matcherOf) };
}

function matcherOf(given: unknown, index: number): Matcher {
  if (!isRecord(given)) throw unparsable(`json: cannot unmarshal ${kindOf(given)} into Go value of type models.Matcher`);
  const { name, value, isRegex, isEqual } = given;
  for (const [field, present] of Object.entries({ isRegex, name, value })) if (present === undefined || present === null) throw new ApiRefusal(422, `matchers.${index}.${field} in body is required`, 602);
  if (typeof name !== "string" || typeof value !== "string" || typeof isRegex !== "boolean" || (isEqual !== undefined && typeof isEqual !== "boolean")) throw unparsable("json: cannot unmarshal a matcher");
  return { name, value, isRegex, isEqual: isEqual ?? true };
}
