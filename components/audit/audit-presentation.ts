import type { AuditAction, AuditEntry } from "#lib/contracts/audit.ts";
import type { Shape, Tone } from "#lib/domain/status.ts";

export const auditOutcomePresentation: Record<AuditEntry["outcome"], { word: string; tone: Tone; shape: Shape }> = {
  allowed: { word: "allowed", tone: "busy", shape: "clock" },
  succeeded: { word: "succeeded", tone: "ok", shape: "check" },
  denied: { word: "denied", tone: "hold", shape: "pause" },
  failed: { word: "failed", tone: "bad", shape: "octagon" },
};

/** What an action is called on screen. */
export const auditActionWords: Record<AuditAction, string> = {
  "session.sign-in": "signed in",
  "session.sign-out": "signed out",
  "session.denied": "was not let in",
  "plan.create": "made a plan",
  "operation.request": "asked for an operation",
  "operation.start": "operation began",
  "operation.outcome": "operation ended",
  "operation.abort": "asked to abort",
  "operation.approve": "approved an operation",
  "operation.refuse": "operation was refused",
  "break-glass.open": "broke the glass",
  "break-glass.review": "reviewed a break-glass",
  "quarantine.add": "put a release in quarantine",
  "quarantine.lift": "lifted a quarantine",
  "watch.verdict": "judged a watched promotion",
  "incident.open": "opened an incident",
  "incident.acknowledge": "acknowledged an incident",
  "incident.assign": "gave an incident to somebody",
  "incident.resolve": "resolved an incident",
  "incident.reopen": "incident came back",
  "incident.merge": "merged two incidents",
  "incident.note": "wrote a note",
  "incident.severity": "changed a severity",
  "incident.evidence": "evidence was saved",
  "silence.create": "silenced an alert",
  "silence.end": "ended a silence",
  "webhook.denied": "webhook was refused",
  "notification.dead": "notification was given up",
  "notification.retry": "had a notification sent again",
  "notification.test": "tested a channel",
  "token.create": "created a token",
  "token.revoke": "revoked a token",
  "token.use-denied": "token was refused",
  "access.denied": "was refused",
  "audit.export": "exported the log",
  "config.loaded": "configuration loaded",
};
