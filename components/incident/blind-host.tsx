"use client";

import Link from "next/link";
import { EyeOff } from "lucide-react";
import { isBlindness, openIncidents } from "#components/incident/incident-words.ts";
import { Time } from "#components/patterns/time.tsx";
import { useIncidents } from "#components/query/use-platform.ts";

/** On every page while the monitoring is blind: then that nothing else is red means nothing. */
export function BlindHost() {
  const blind = openIncidents(useIncidents()).filter(isBlindness);
  if (blind.length === 0) return null;
  return (
    <aside aria-label="Monitoring is blind" data-blind={blind.length} className="border-b border-bad bg-bad-wash text-sm">
      {blind.map(({ number, environment, title, onsetAt, acknowledged }) => (
        <p key={number} className="flex items-start gap-2.5 px-6 py-2.5 max-md:px-3.5">
          <EyeOff aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
          <span className="min-w-0 grow">
            <b className="text-bad">Monitoring of {environment} is blind</b> since <Time at={onsetAt} />: {title}. What is not seen is not well.{" "}
            <Link href={`/incidents/${number}`} prefetch={false} className="font-semibold underline underline-offset-2">
              Incident {number}
            </Link>
            {acknowledged ? <span className="text-muted">, acknowledged by {acknowledged.by.name}</span> : null}
          </span>
        </p>
      ))}
    </aside>
  );
}
