import { healthPresentation, operationPresentation } from "#lib/domain/status.ts";
import type { HealthStatus, OperationStatus, Shape, StepStatus, Tone } from "#lib/domain/status.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { classes } from "#components/ui/classes.ts";

/** Shape, colour and word together; `suffix` adds "2/3" or an age. */
export function Health({ status, suffix, className }: { status: HealthStatus; suffix?: string; className?: string }) {
  const { word, tone, shape } = healthPresentation[status];
  return <Mark tone={tone} shape={shape} word={suffix ? `${word} ${suffix}` : word} strong={status === "broken"} className={className} />;
}

const operationShapes: Record<OperationStatus, Shape> = { awaiting: "pause", scheduled: "clock", refused: "triangle", queued: "dashed", running: "clock", succeeded: "check", failed: "octagon", returned: "triangle", aborted: "pause" };

export function OperationMark({ status, className }: { status: OperationStatus; className?: string }) {
  const { word, tone } = operationPresentation[status];
  return <Mark tone={tone} shape={operationShapes[status]} word={word} strong={status === "failed"} className={className} />;
}

export function OperationIcon({ status, className }: { status: OperationStatus; className?: string }) {
  return <StatusIcon tone={operationPresentation[status].tone} shape={operationShapes[status]} className={className} />;
}

export const stepPresentation: Record<StepStatus, { word: string; tone: Tone; shape: Shape }> = {
  pending: { word: "waiting", tone: "unknown", shape: "dashed" },
  running: { word: "running", tone: "busy", shape: "clock" },
  succeeded: { word: "done", tone: "ok", shape: "check" },
  failed: { word: "failed", tone: "bad", shape: "octagon" },
  skipped: { word: "skipped", tone: "unknown", shape: "pause" },
};

export function Mark({ tone, shape, word, strong = false, className }: { tone: Tone; shape: Shape; word: string; strong?: boolean; className?: string }) {
  return (
    <span className={classes("inline-flex items-baseline gap-1.5 whitespace-nowrap", toneText[tone], strong && "font-semibold", className)}>
      <StatusIcon shape={shape} tone={tone} className="translate-y-px" />
      {word}
    </span>
  );
}
