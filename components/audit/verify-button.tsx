"use client";

import { useEffect, useRef, useState } from "react";
import type { ActionResult } from "#components/actions/contract.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Button } from "#components/ui/button.tsx";
import { Copy } from "#components/ui/copy.tsx";
import type { AuditVerification, AuditVerifyProgress } from "#lib/contracts/api.ts";

/** Has every hash of the log recomputed, shows how far it is, and says what was found. Leaving the page ends it. */
export function VerifyButton() {
  const [result, setResult] = useState<ActionResult<AuditVerification> | null>(null);
  const [progress, setProgress] = useState<AuditVerifyProgress | null>(null);
  const [busy, setBusy] = useState(false);
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), []);

  const run = async () => {
    const stop = new AbortController();
    leaving.current = stop;
    setBusy(true);
    setProgress(null);
    setResult(null);
    try {
      const { verifyLog } = await import("#components/audit/verify-log.ts");
      setResult(await verifyLog(setProgress, stop.signal));
    } catch {
      if (stop.signal.aborted) return;
      setResult({ ok: false, error: { code: "unavailable", message: "The log was not verified: a part of this page could not be loaded. Reload it and try again.", detail: null, reference: null } });
    }
    setBusy(false);
  };

  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm">
      <Button disabledBecause={busy ? "It is being verified now." : null} onClick={() => void run()}>
        Verify the log
      </Button>
      {/* Only the beginning and the end are announced; how far it is stands outside, to be looked at. */}
      <output className="min-w-0">{busy ? <Mark tone="busy" shape="clock" word="Computing every hash again…" /> : result?.ok ? <Found verification={result.value} /> : null}</output>
      {busy && progress !== null && progress.of > 0 ? (
        <span className="inline-flex items-center gap-2 text-muted tabular-nums">
          <progress className="w-40" aria-label="Entries verified" value={progress.checked} max={progress.of} />
          {progress.checked} of {progress.of} entries
        </span>
      ) : null}
      {result?.ok === false ? <Failure error={result.error} /> : null}
    </div>
  );
}

function Found({ verification }: { verification: AuditVerification }) {
  const { valid, entries, head, firstBad, checkpoints } = verification;
  if (!valid && firstBad) {
    return (
      <span>
        <Mark tone="bad" shape="octagon" word={`Entry ${firstBad.sequence} is not what was written`} strong /> <span className="text-muted">({firstBad.fault})</span> {firstBad.evidence}
      </span>
    );
  }
  if (!valid) {
    return (
      <span>
        <Mark tone="bad" shape="octagon" word="A checkpoint cannot be believed" strong /> {checkpoints?.firstBad?.evidence}
      </span>
    );
  }
  return (
    <span className="inline-flex max-w-full flex-wrap items-center gap-x-2">
      <Mark tone="ok" shape="check" word={`${entries} ${entries === 1 ? "entry" : "entries"}, unbroken`} />
      <span className="text-muted">up to {head.sequence}, hash</span>
      <Copy text={head.hash} label="hash of the last entry" className="font-mono text-xs text-muted">
        {head.hash.slice(0, 16)}
      </Copy>
      {checkpoints?.newest ? <span className="text-muted">{checkpoints.checked === 1 ? "and as the signed checkpoint says" : `and as ${checkpoints.checked} signed checkpoints say`}</span> : null}
    </span>
  );
}
