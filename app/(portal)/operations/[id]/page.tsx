import type { Metadata } from "next";
import { attempt } from "#app/_read/attempt.ts";
import { OperationLive } from "#components/operation/operation-live.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { readOperation } from "#lib/services/operation/read.ts";

export const metadata: Metadata = { title: "Operation" };

export default async function OperationPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const actor = await requirePageActor(`/operations/${id}`);
  const operation = await attempt(readOperation(getRuntime().context, actor, id));
  if (!operation.ok) return <Absence kind={operation.kind} title="This operation cannot be shown">{operation.message}</Absence>;
  return <OperationLive operation={operation.value} />;
}
