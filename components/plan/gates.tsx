import type { GateName, GateResult } from "#lib/contracts/operation.ts";
import type { GateVerdict, Shape, Tone } from "#lib/domain/status.ts";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import { classes } from "#components/ui/classes.ts";
import { Copy } from "#components/ui/copy.tsx";

const verdicts: Record<GateVerdict, { word: string; tone: Tone; shape: Shape }> = {
  pass: { word: "passes", tone: "ok", shape: "check" },
  fail: { word: "fails", tone: "bad", shape: "octagon" },
  inconclusive: { word: "cannot tell", tone: "warn", shape: "question" },
  error: { word: "could not be checked", tone: "warn", shape: "triangle" },
};

/** It fails now, honestly; the operation waits until it does not. */
const notYet: (typeof verdicts)[GateVerdict] = { word: "not yet: it waits for this", tone: "hold", shape: "clock" };
const none: ReadonlySet<GateName> = new Set();

/** Every gate with its verdict and what it was judged by. Only `pass` passes; those that do are folded into one line, the others stand open. */
export function Gates({ gates, label = "Gates", waitsFor = none }: { gates: readonly GateResult[]; label?: string; /** Gates that waiting will mend: theirs is no alarm. */ waitsFor?: ReadonlySet<GateName> }) {
  const passed = gates.filter((gate) => gate.verdict === "pass");
  const open = gates.filter((gate) => gate.verdict !== "pass");
  return (
    <div className="grid gap-1.5 text-sm">
      {open.length > 0 ? <GateList gates={open} waitsFor={waitsFor} label={`${label} that do not pass`} /> : null}
      {passed.length > 0 ? (
        <details className="group" data-gates-passed={passed.length}>
          <summary className="grid grid-cols-[18px_minmax(0,1fr)] items-baseline gap-x-2 rounded text-text marker:content-none">
            <StatusIcon shape="check" tone="ok" className="translate-y-px" />
            <span className="min-w-0">
              {passed.length === gates.length ? (passed.length === 1 ? "The gate passes" : `All ${passed.length} gates pass`) : `${passed.length} ${passed.length === 1 ? "gate passes" : "gates pass"}`}
              <span className="ml-2 text-xs text-muted underline decoration-line-strong underline-offset-2 group-open:hidden">show what they saw</span>
            </span>
          </summary>
          <div className="pt-1.5">
            <GateList gates={passed} waitsFor={none} label={`${label} that pass`} />
          </div>
        </details>
      ) : null}
    </div>
  );
}

function GateList({ gates, label, waitsFor }: { gates: readonly GateResult[]; label: string; waitsFor: ReadonlySet<GateName> }) {
  return (
    <ul aria-label={label} className="grid gap-1.5">
      {gates.map((gate) => (
        <Gate key={`${gate.name} ${gate.title} ${gate.rule ?? ""}`} gate={gate} mends={waitsFor.has(gate.name) && !gate.overruled} />
      ))}
    </ul>
  );
}

function Gate({ gate, mends }: { gate: GateResult; mends: boolean }) {
  const { word, tone, shape } = mends ? notYet : verdicts[gate.verdict];
  return (
    <li
      data-gate={gate.name}
      data-verdict={gate.verdict}
      className={classes("grid grid-cols-[18px_minmax(0,1fr)] gap-x-2 md:grid-cols-[18px_198px_minmax(0,1fr)]", gate.overruled && "-mx-2 rounded-md border border-warn bg-warn-wash px-2 py-1")}
    >
      <StatusIcon shape={shape} tone={tone} className="mt-1" />
      <span>
        {gate.title} <span className={classes("text-xs whitespace-nowrap", gate.verdict === "pass" ? "sr-only" : "font-semibold", toneText[tone])}>{word}</span>
        {gate.overruled ? <b className="block text-xs text-warn">overruled by break-glass</b> : null}
      </span>
      <div className="min-w-0 text-muted max-md:col-start-2">
        {gate.evidence} <Time at={gate.at} className="text-xs text-faint" />
        {gate.rule === null ? null : (
          <Copy text={gate.rule} label={`rule of ${gate.title}`} className="mt-0.5 font-mono text-xs [&>span:first-child]:whitespace-pre-wrap">
            {gate.rule}
          </Copy>
        )}
      </div>
    </li>
  );
}
