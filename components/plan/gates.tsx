import type { GateResult } from "#lib/contracts/operation.ts";
import type { GateVerdict, Shape, Tone } from "#lib/domain/status.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { classes } from "#components/ui/classes.ts";

const verdicts: Record<GateVerdict, { word: string; tone: Tone; shape: Shape }> = {
  pass: { word: "passes", tone: "ok", shape: "check" },
  fail: { word: "fails", tone: "bad", shape: "octagon" },
  inconclusive: { word: "cannot tell", tone: "warn", shape: "question" },
  error: { word: "could not be checked", tone: "warn", shape: "triangle" },
};

/** Every gate with its verdict and what it was judged by. Only `pass` passes. */
export function Gates({ gates }: { gates: readonly GateResult[] }) {
  return (
    <ul aria-label="Gates" className="grid gap-1.5 text-sm">
      {gates.map((gate) => {
        const { word, tone, shape } = verdicts[gate.verdict];
        return (
          <li key={gate.name} className="grid grid-cols-[18px_minmax(0,1fr)] gap-x-2 md:grid-cols-[18px_214px_minmax(0,1fr)]">
            <StatusIcon shape={shape} tone={tone} className="mt-1" />
            <span>
              {gate.title}
              {gate.verdict === "pass" ? <span className="sr-only"> {word}</span> : <span className={classes("ml-1.5 text-xs font-semibold", toneText[tone])}>{word}</span>}
            </span>
            <span className="min-w-0 text-muted max-md:col-start-2">{gate.evidence}</span>
          </li>
        );
      })}
    </ul>
  );
}
