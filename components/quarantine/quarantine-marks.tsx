"use client";

import dynamic from "next/dynamic";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Quarantine } from "#lib/contracts/operation.ts";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { Time } from "#components/patterns/time.tsx";
import { Button } from "#components/ui/button.tsx";

const LiftDialog = dynamic(() => import("#components/quarantine/lift-dialog.tsx").then((module) => module.LiftDialog), { ssr: false });

/** Where a release may not be promoted to, why, and the way to lift that. */
export function QuarantineMarks({ quarantines }: { quarantines: readonly Quarantine[] }) {
  const router = useRouter();
  const [lifting, lift] = useState<Quarantine | null>(null);
  return (
    <>
      {quarantines.map((quarantine) => (
        <div key={quarantine.id} data-quarantine={quarantine.id} className="mt-1 grid grid-cols-[16px_minmax(0,1fr)_auto] items-start gap-x-2 gap-y-1 rounded-md border border-warn bg-warn-wash px-2.5 py-1.5 text-sm max-md:grid-cols-[16px_minmax(0,1fr)]">
          <StatusIcon shape="triangle" tone="warn" className="mt-1" />
          <p className="min-w-0">
            <b className="text-warn">in quarantine for {quarantine.environment}</b>: {quarantine.reason}{" "}
            <span className="text-xs text-muted">
              <Time at={quarantine.at} />
              {quarantine.operationId === null ? null : (
                <>
                  {" · "}
                  <Link href={`/operations/${quarantine.operationId}`} prefetch={false} className="underline decoration-line-strong underline-offset-2 hover:text-text">
                    the operation that returned it
                  </Link>
                </>
              )}
            </span>
          </p>
          <Button size="small" aria-haspopup="dialog" className="max-md:col-start-2 max-md:justify-self-start" onClick={() => lift(quarantine)}>
            Lift…
          </Button>
        </div>
      ))}
      {lifting ? (
        <LiftDialog
          quarantine={lifting}
          onClose={() => lift(null)}
          onLifted={() => {
            lift(null);
            router.refresh();
          }}
        />
      ) : null}
    </>
  );
}
