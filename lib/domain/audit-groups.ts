import type { AuditEntry } from "#lib/contracts/audit.ts";
import type { AuditGroup } from "#lib/contracts/audit-review.ts";

/**
 * Entries of a page, newest first, with those of one operation in one group, at the place of its newest. `whole` are the operations' entries, in any order:
 * those that are not on the page join their group. Every entry of the page is in exactly one group.
 */
export function groupsOf(page: readonly AuditEntry[], whole: readonly AuditEntry[]): AuditGroup[] {
  const groups: AuditGroup[] = [];
  const byOperation = new Map<string, AuditGroup>();
  for (const entry of page) {
    const known = entry.operationId === null ? undefined : byOperation.get(entry.operationId);
    if (known !== undefined) {
      known.entries.push(entry);
      known.matching.push(entry.sequence);
      continue;
    }
    const group: AuditGroup = { operationId: entry.operationId, entries: [entry], matching: [entry.sequence] };
    groups.push(group);
    if (entry.operationId !== null) byOperation.set(entry.operationId, group);
  }
  for (const entry of whole) {
    const group = byOperation.get(entry.operationId ?? "");
    if (group !== undefined && !group.matching.includes(entry.sequence)) group.entries.push(entry);
  }
  for (const group of groups) group.entries.sort((a, b) => b.sequence - a.sequence);
  return groups;
}

/** The entry that says what an operation is: its request, or the oldest that is there. */
export function leadOf(group: AuditGroup): AuditEntry {
  const lead = group.entries.find((entry) => entry.action === "operation.request") ?? group.entries.at(-1);
  if (lead === undefined) throw new RangeError("a group has at least one entry");
  return lead;
}

/** How it ended: the outcome entry's, else that of the newest. */
export function outcomeOf(group: AuditGroup): AuditEntry["outcome"] {
  return (group.entries.find((entry) => entry.action === "operation.outcome") ?? group.entries[0] ?? leadOf(group)).outcome;
}
