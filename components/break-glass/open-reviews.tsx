"use client";

import { Eye } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { EnvironmentGuard } from "#lib/contracts/state.ts";
import { openBreakGlassOf } from "#components/guards/guard-words.ts";
import { Time } from "#components/patterns/time.tsx";
import { useNowMs } from "#components/query/server-clock.ts";
import { Button } from "#components/ui/button.tsx";

const ReviewDialog = dynamic(() => import("#components/break-glass/review-dialog.tsx").then((module) => module.ReviewDialog), { ssr: false });

/** Uses of break-glass that nobody else has looked at yet. They stay until someone does. */
export function OpenReviews({ guards }: { guards: readonly EnvironmentGuard[] }) {
  const now = useNowMs();
  const [chosen, choose] = useState<string | null>(null);
  const reviews = guards.flatMap((guard) => {
    const running = openBreakGlassOf(guard, now)?.id;
    return guard.openReviews.filter((review) => review.id !== running).map((review) => ({ environment: guard.environment, ...review }));
  });
  const review = reviews.find(({ id }) => id === chosen);
  if (reviews.length === 0) return null;
  return (
    <>
      <ul aria-label="Break-glass uses to review" className="grid gap-2">
        {reviews.map(({ id, environment, by, reason, openedAt, operations }) => (
          <li key={id} data-review={id} className="grid grid-cols-[16px_minmax(0,1fr)] items-center gap-x-2.5 gap-y-1.5 rounded-[10px] border border-warn px-3.5 py-2.5 md:grid-cols-[16px_minmax(0,1fr)_auto]">
            <Eye aria-hidden className="size-4 text-warn" />
            <span className="min-w-0">
              <b>
                {by} broke the glass of {environment}
              </b>{" "}
              <span className="text-muted">
                <Time at={openedAt} />, “{reason}” · {operations === 1 ? "1 operation" : `${operations} operations`} to look at, by someone else
              </span>
            </span>
            <Button size="small" className="max-md:col-start-2 max-md:justify-self-start" aria-haspopup="dialog" onClick={() => choose(id)}>
              Review…
            </Button>
          </li>
        ))}
      </ul>
      {review ? <ReviewDialog review={review} onClose={() => choose(null)} /> : null}
    </>
  );
}
