"use client";

import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import type { BreakGlass } from "#lib/contracts/operation.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Button } from "#components/ui/button.tsx";

const ReviewDialog = dynamic(() => import("#components/break-glass/review-dialog.tsx").then((module) => module.ReviewDialog), { ssr: false });

/** Every use, newest first: who, why, what was done under it, and who looked at it. */
export function BreakGlassUses({ uses }: { uses: readonly BreakGlass[] }) {
  const now = useNowMs();
  const { guards } = useSnapshot();
  const [chosen, choose] = useState<BreakGlass | null>(null);
  if (uses.length === 0) return <Absence kind="empty" title="Nobody has broken the glass" />;
  // A review that was just closed is gone from the live guards before this page is read again.
  const stillOpen = (use: BreakGlass) => guards.find((guard) => guard.environment === use.environment)?.openReviews.some(({ id }) => id === use.id) ?? true;
  return (
    <>
      <ul className="border-t border-line text-sm" aria-label="Uses of break-glass">
        {uses.map((use) => {
          const running = use.review === null && Date.parse(use.expiresAt) > now;
          const open = use.review === null && !running && stillOpen(use);
          return (
            <li key={use.id} data-break-glass-use={use.id} className="grid gap-x-3 gap-y-1 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)_auto]">
              {running ? <Mark tone="warn" shape="triangle" word="open now" strong /> : open ? <Mark tone="warn" shape="question" word="to be reviewed" /> : <Mark tone="ok" shape="check" word="reviewed" />}
              <div className="min-w-0">
                <b>{use.by}</b> in {use.environment}, <Time at={use.openedAt} />: “{use.reason}”
                <p className="text-xs text-muted">
                  {use.operations.length === 0
                    ? "Nothing was begun under it."
                    : use.operations.map(({ id, title }, index) => (
                        <span key={id}>
                          {index > 0 ? ", " : ""}
                          <Link href={`/operations/${id}`} prefetch={false} className="underline decoration-line-strong underline-offset-2 hover:text-text">
                            {title}
                          </Link>
                        </span>
                      ))}
                </p>
                {use.review ? (
                  <p className="text-xs text-muted">
                    {use.review.by} looked at it <Time at={use.review.at} />: “{use.review.note}”
                  </p>
                ) : null}
              </div>
              {open ? (
                <Button size="small" aria-haspopup="dialog" className="justify-self-start" onClick={() => choose(use)}>
                  Review…
                </Button>
              ) : null}
            </li>
          );
        })}
      </ul>
      {chosen ? <ReviewDialog review={chosen} onClose={() => choose(null)} /> : null}
    </>
  );
}
