"use client";

import type { Operation } from "#lib/contracts/operation.ts";
import { OperationView } from "#components/operation/operation-view.tsx";
import { useOperation } from "#components/query/use-operation.ts";

/** An operation's page, kept current. */
export function OperationLive({ operation }: { operation: Operation }) {
  return <OperationView operation={useOperation(operation)} />;
}
