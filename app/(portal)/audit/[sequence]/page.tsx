import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { attempt } from "#app/_read/attempt.ts";
import { AuditEntryView } from "#components/audit/audit-entry-view.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readAuditEntry } from "#lib/services/audit/read.ts";

interface Props {
  params: Promise<{ sequence: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Audit entry ${(await params).sequence}` };
}

export default async function AuditEntryPage({ params }: Props) {
  const { sequence } = await params;
  const actor = await requirePageActor(`/audit/${sequence}`);
  if (!/^[1-9][0-9]{0,15}$/.test(sequence)) notFound();
  const entry = await attempt(readAuditEntry(getRuntime().context, actor, Number(sequence)));
  return (
    <>
      <nav aria-label="Breadcrumb" className="-mb-4 text-sm text-muted">
        <Link href="/audit" className="hover:text-text">
          Audit
        </Link>{" "}
        / {sequence}
      </nav>
      {entry.ok ? <AuditEntryView entry={entry.value} /> : <Absence kind={entry.kind} title="This entry cannot be shown">{entry.message}</Absence>}
    </>
  );
}
