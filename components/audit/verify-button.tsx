"use client";

import { useState } from "react";
import type { AuditVerification } from "#lib/contracts/api.ts";
import { connectionLost } from "#components/actions/actions-context.tsx";
import type { ActionResult } from "#components/actions/contract.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Button } from "#components/ui/button.tsx";
import { Copy } from "#components/ui/copy.tsx";

/** Recomputes every hash of the log and says what was found. */
export function VerifyButton({ verify }: { verify: () => Promise<ActionResult<AuditVerification>> }) {
  const [result, setResult] = useState<ActionResult<AuditVerification> | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setResult(await verify().catch(() => ({ ok: false as const, error: connectionLost })));
    setBusy(false);
  };
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm">
      <Button disabledBecause={busy ? "It is being verified now." : null} onClick={() => void run()}>
        Verify the log
      </Button>
      <output className="min-w-0">
        {busy ? <Mark tone="busy" shape="clock" word="Reading every entry and computing its hash again…" /> : result?.ok ? <Found verification={result.value} /> : null}
      </output>
      {result?.ok === false && !busy ? <Failure error={result.error} /> : null}
    </div>
  );
}

function Found({ verification }: { verification: AuditVerification }) {
  const { valid, entries, head, firstBad } = verification;
  if (!valid && firstBad) {
    return (
      <span>
        <Mark tone="bad" shape="octagon" word={`Entry ${firstBad.sequence} is not what was written`} strong /> <span className="text-muted">({firstBad.fault})</span> {firstBad.evidence}
      </span>
    );
  }
  return (
    <span className="inline-flex max-w-full flex-wrap items-center gap-x-2">
      <Mark tone="ok" shape="check" word={`${entries} entries, unbroken`} />
      <span className="text-muted">up to {head.sequence}, hash</span>
      <Copy text={head.hash} label="hash of the last entry" className="font-mono text-xs text-muted">
        {head.hash.slice(0, 16)}
      </Copy>
    </span>
  );
}
