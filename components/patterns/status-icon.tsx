import type { Shape, Tone } from "#lib/domain/status.ts";
import { assertNever } from "#lib/domain/assert-never.ts";
import { classes } from "#components/ui/classes.ts";

/** Text colour of a tone, written out so that the style sheet is built with all of them. */
export const toneText: Record<Tone, string> = { ok: "text-ok", busy: "text-busy", warn: "text-warn", bad: "text-bad", hold: "text-hold", unknown: "text-unknown", stale: "text-stale" };

/** Background of a tile in that tone. Health is the rule and gets none. */
export const toneWash: Record<Tone, string> = { ok: "", busy: "bg-busy-wash", warn: "bg-warn-wash", bad: "bg-bad-wash", hold: "bg-hold-wash", unknown: "", stale: "hatched" };

const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.5 } as const;

function Paths({ shape }: { shape: Shape }) {
  switch (shape) {
    case "check":
      return (
        <>
          <circle cx="6" cy="6" r="5" {...line} />
          <path d="M3.6 6.2 5.3 7.9 8.5 4.4" {...line} />
        </>
      );
    case "octagon":
      return (
        <>
          <path d="M3.6.8h4.8L11.2 3.6v4.8L8.4 11.2H3.6L.8 8.4V3.6z" fill="currentColor" />
          <path d="m4.2 4.2 3.6 3.6m0-3.6L4.2 7.8" fill="none" stroke="var(--panel)" strokeWidth="1.5" />
        </>
      );
    case "clock":
      return (
        <>
          <circle cx="6" cy="6" r="5" {...line} strokeDasharray="2.4 1.6" />
          <path d="M6 3.2V6h2.4" {...line} />
        </>
      );
    case "triangle":
      return (
        <>
          <path d="M6 1 11.4 10.6H.6z" {...line} strokeWidth={1.4} />
          <path d="M6 4.6v2.9M6 8.6v.8" {...line} strokeWidth={1.4} />
        </>
      );
    case "pause":
      return (
        <>
          <circle cx="6" cy="6" r="5" {...line} />
          <path d="M4.8 4v4M7.2 4v4" {...line} />
        </>
      );
    case "dashed":
      return <circle cx="6" cy="6" r="5" {...line} strokeDasharray="1.6 1.6" />;
    case "question":
      return (
        <>
          <circle cx="6" cy="6" r="5" {...line} />
          <path d="M4.6 4.8a1.4 1.4 0 1 1 2 1.25c-.4.2-.6.45-.6.95M6 8.3v.6" {...line} strokeWidth={1.2} />
        </>
      );
    default:
      return assertNever(shape);
  }
}

/** The shape of a status. Always beside its word, so it is hidden from screen readers. */
export function StatusIcon({ shape, tone, className }: { shape: Shape; tone: Tone; className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 12 12" className={classes("size-3 shrink-0", toneText[tone], className)}>
      <Paths shape={shape} />
    </svg>
  );
}

/** Small mark of a service: a dot when it is up, a square when not, hollow when unknown. */
export function ServiceMark({ tone }: { tone: Tone }) {
  const round = tone === "ok" || tone === "busy";
  const hollow = tone === "unknown" || tone === "stale";
  return (
    <svg aria-hidden viewBox="0 0 8 8" className={classes("size-2 shrink-0", toneText[tone])}>
      {hollow ? <circle cx="4" cy="4" r="2.5" fill="none" stroke="currentColor" /> : round ? <circle cx="4" cy="4" r="3" fill="currentColor" /> : <rect x="1" y="1" width="6" height="6" fill="currentColor" />}
    </svg>
  );
}
