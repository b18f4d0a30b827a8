import type { IncidentSummary } from "#lib/contracts/incident-summary.ts";
import type { Announcement } from "#lib/ports/notify.ts";

/** What tests of channels send: an incident whose words try to be more than words. */
export const hostileTitle = "<!channel> *auth* <https://evil.example|here> & \"quotes\"\r\nBcc: everybody@example.org password=hunter2";

export function testAnnouncement(given: Partial<Announcement> = {}, incident: Partial<IncidentSummary> = {}): Announcement {
  return {
    id: "n-1", incidentId: "i-1", kind: "opened", at: new Date("2026-11-21T03:13:00Z"), platform: "Testing", link: "https://vigie.example.org/incidents/12", by: null, attempt: 1,
    incident: {
      id: "i-1", number: 12, environment: "prod", bigPod: "core", about: "trouble", title: "auth keeps exiting with code 137", severity: "critical", status: "open", onsetAt: "2026-11-21T03:12:00.000Z", openedAt: "2026-11-21T03:13:00.000Z",
      acknowledged: null, assignee: null, resolved: null, flapping: false, reopened: 0, manual: false, mergedInto: null, firing: 1, signals: 1,
      suspect: { changeId: "c", summary: "Core v2.2.1 → v2.3.0", release: 214, verdict: "worse" }, recovery: null, ...incident,
    },
    ...given,
  };
}
