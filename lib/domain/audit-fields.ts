import type { AuditAction } from "#lib/contracts/audit.ts";

interface Fields {
  before: readonly string[];
  after: readonly string[];
}

const nothing: Fields = { before: [], after: [] };
const after = (...names: string[]): Fields => ({ before: [], after: names });
const both = (before: readonly string[], names: readonly string[]): Fields => ({ before, after: names });

/** Releases, images by digest, replicas and names of keys; never templates or values. */
const effects = ["release", "bigPods"] as const;

/** Which members `before` and `after` of an entry may have, by action. Whoever adds an action says here what it writes down: what is not listed is left out of the log. */
export const auditFields: Record<AuditAction, Fields> = {
  "session.sign-in": after("provider", "roles"),
  "session.sign-out": nothing,
  "session.denied": after("provider", "refused", "address"),
  "plan.create": nothing,
  "operation.request": both(effects, [...effects, "planHash", "incident", "breakGlass", "overruled", "follows"]),
  "operation.start": both(effects, effects),
  "operation.outcome": both([...effects, "status"], [...effects, "status"]),
  "operation.abort": both(["status"], []),
  "operation.approve": after("planHash", "expiresAt"),
  "operation.refuse": after("status", "difference", "gates", "dueAt"),
  "break-glass.open": after("id", "expiresAt"),
  "break-glass.review": after("id"),
  "quarantine.add": after("release", "imagesHash", "environments"),
  "quarantine.lift": both(["release", "reason"], ["id"]),
  "drift.adopt": both(["since", "by"], ["mark", "differences"]),
  "watch.verdict": both(["release"], ["decision", "rollback", "release", "evidence", "outcome"]),
  "incident.open": both([], ["number", "severity", "manual"]),
  "incident.acknowledge": both(["status"], ["number", "status"]),
  "incident.assign": both(["assignee"], ["number", "assignee"]),
  "incident.resolve": both(["status"], ["number", "status", "firing"]),
  "incident.reopen": both(["status"], ["number", "severity", "status"]),
  "incident.merge": both(["status"], ["number", "status", "into"]),
  "incident.note": after("number", "text"),
  "incident.severity": both(["severity"], ["number", "severity"]),
  "incident.evidence": after("incident", "files"),
  "silence.create": after("signalId", "alert", "labels", "endsAt", "silence"),
  "silence.end": both(["silence", "by", "comment", "endsAt"], []),
  "webhook.denied": after("address"),
  "notification.dead": after("notification", "channel", "attempts"),
  "notification.retry": after("notification", "channel"),
  "notification.test": after("notification", "channel"),
  "token.create": after("id", "name", "role", "environments", "expiresAt"),
  "token.revoke": both(["id", "name", "role", "status"], ["status"]),
  "token.use-denied": after("address", "status"),
  "access.denied": after("action", "endpoint", "call", "address"),
  "audit.export": after("from", "to", "format", "filters"),
  "config.loaded": both(["sha256"], ["sha256", "file", "platform", "environments", "bigPods"]),
  "audit.verify": after("valid", "entries", "head", "firstBad"),
  "audit.archive": after("from", "to", "head", "file", "sha256", "previous"),
  "audit.save-view": after("id", "name", "query"),
  "audit.remove-view": both(["name", "query", "owner"], []),
  "session.revoke": both(["person", "device", "address", "firstSeenAt", "lastUsedAt"], []),
  "access.sign-in-again": after("action"),
  "access.limited": after("limit", "quota", "windowSeconds", "address", "endpoint"),
  "intent.resolve": after("intent", "action", "status", "found", "bigPods"),
};

/** Inside `bigPods` of an operation. */
const ofBigPod: readonly string[] = ["effect", "images", "replicas", "config", "now", "carries"];

/** Name under which an entry says what was left out of it. */
export const leftOut = "leftOut";

/**
 * The values of one side with the listed members only. What is not listed is not written down, but named, so that it is seen: a secret that somebody passes along
 * does not get into a log that nothing can be taken out of, and the action does not fail for it.
 */
export function listedFields(action: AuditAction, side: "before" | "after", values: Readonly<Record<string, unknown>> | null): Record<string, unknown> | null {
  if (values === null) return null;
  const dropped: string[] = [];
  const listed = keep(values, auditFields[action][side], "", dropped);
  if (isRecord(listed.bigPods) && "bigPods" in values) {
    listed.bigPods = Object.fromEntries(Object.entries(listed.bigPods).map(([name, value]) => [name, isRecord(value) ? keep(value, ofBigPod, "bigPods.*.", dropped) : value]));
  }
  return dropped.length === 0 ? listed : { ...listed, [leftOut]: [...new Set(dropped)].sort() };
}

function keep(values: Readonly<Record<string, unknown>>, names: readonly string[], path: string, dropped: string[]): Record<string, unknown> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  dropped.push(...entries.flatMap(([name]) => (names.includes(name) ? [] : [`${path}${name}`.slice(0, 100)])));
  return Object.fromEntries(entries.filter(([name]) => names.includes(name)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
