"use client";

import Link from "next/link";
import { X } from "lucide-react";
import { useState } from "react";
import type { ActionResult } from "#components/actions/contract.ts";
import { useDeed } from "#components/incident/use-deed.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { Button } from "#components/ui/button.tsx";
import type { AuditView } from "#lib/contracts/audit-review.ts";

interface SavedViewsProps {
  views: readonly AuditView[];
  /** Filters of the page as it is; empty when there are none. */
  current: Readonly<Record<string, string>>;
  /** Id of who looks. */
  mine: string;
  mayRemoveAny: boolean;
  save: (request: { name: string; query: Record<string, string> }) => Promise<ActionResult<{ id: string }>>;
  remove: (id: string) => Promise<ActionResult<null>>;
}

/** Filters with a name: shared by everybody on the platform, kept by who saved them. */
export function SavedViews({ views, current, mine, mayRemoveAny, save, remove }: SavedViewsProps) {
  const deed = useDeed();
  const [name, setName] = useState("");
  const address = new URLSearchParams(current).toString();
  const filtered = address !== "";
  if (!filtered && views.length === 0) return null;
  return (
    <div className="grid gap-2 text-sm">
      {views.length === 0 ? null : (
        <ul className="flex flex-wrap gap-x-3 gap-y-1" aria-label="Saved views">
          {views.map((view) => (
            <li key={view.id} className="inline-flex max-w-full items-center rounded-md border border-line">
              <Link href={`/audit?${view.query}`} title={`Saved by ${view.owner}`} aria-current={view.query === address ? "true" : undefined} className="inline-flex min-h-8 min-w-0 items-center px-2 break-words hover:bg-raised aria-[current]:bg-raised aria-[current]:font-semibold max-lg:min-h-11">
                {view.name}
              </Link>
              {view.ownerId === mine || mayRemoveAny ? (
                <button type="button" aria-label={`Remove the view ${view.name}`} title={`Remove the view ${view.name}`} aria-disabled={deed.sending || undefined} onClick={() => void deed.run(() => remove(view.id))} className="inline-flex min-h-8 min-w-7 items-center justify-center border-l border-line text-faint hover:bg-raised hover:text-text max-lg:min-h-11 max-lg:min-w-11">
                  <X aria-hidden className="size-3.5" />
                </button>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {filtered ? (
        <form
          className="flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            void deed.run(() => save({ name, query: { ...current } }));
          }}
        >
          <label className="grid min-w-0 gap-1 text-xs text-muted">
            Name for this view
            <input value={name} onChange={(event) => setName(event.target.value)} required maxLength={60} className="min-h-9 w-56 max-w-full rounded-[7px] border border-control bg-panel px-2 text-sm text-text max-lg:min-h-11" />
          </label>
          <Button type="submit" disabledBecause={deed.sending ? "Being handed over…" : name.trim() === "" ? "Give it a name first." : null}>
            Save this view for everybody
          </Button>
        </form>
      ) : null}
      {deed.error ? <Failure error={deed.error} /> : null}
    </div>
  );
}
