"use client";

import { useEffect, useRef } from "react";
import type { Operation } from "#lib/contracts/operation.ts";
import type { OperationSummary } from "#lib/contracts/state.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { keys } from "#components/query/keys.ts";
import { useCache, useCached } from "#components/query/use-cached.ts";
import { useSnapshot } from "#components/query/use-platform.ts";

const pauseMs = 150;
const fetchTimeoutMs = 10_000;

/**
 * An operation as the server read it, kept current: the stream says that it moved, then its steps are read again, one request at a time.
 * A read that fails is tried again at the next move; what is shown stays.
 */
export function useOperation(initial: Operation): Operation {
  const cache = useCache();
  const summary = useSnapshot().operations.find((known) => known.id === initial.id);
  const read = useCached<Operation>(keys.operation(initial.id));
  const seen = useRef(summary);
  const reading = useRef(false);
  const movedMeanwhile = useRef(false);

  useEffect(() => {
    if (summary === seen.current) return;
    seen.current = summary;
    if (reading.current) {
      movedMeanwhile.current = true;
      return;
    }
    const readNow = async (): Promise<void> => {
      reading.current = true;
      movedMeanwhile.current = false;
      const latest = await fetchOperation(initial.id).catch(() => null);
      if (latest) cache.set(keys.operation(initial.id), latest);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      reading.current = false;
      if (movedMeanwhile.current) await readNow();
    };
    void readNow();
  }, [summary, cache, initial.id]);

  return newest(read && order(read) >= order(initial) ? read : initial, summary);
}

async function fetchOperation(id: string): Promise<Operation> {
  const response = await fetch(`/api/v1/operations/${encodeURIComponent(id)}`, { signal: AbortSignal.timeout(fetchTimeoutMs), headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`operation ${id}: ${response.status}`);
  // Safe: our own server's answer, made from the schema that the type is inferred from.
  return (await response.json()) as Operation;
}

/** The summary may be ahead of the steps for a moment; an outcome never goes back to running. */
function newest(operation: Operation, summary: OperationSummary | undefined): Operation {
  if (!summary || terminalOperationStatuses.includes(operation.status)) return operation;
  return { ...operation, ...summary };
}

/** Grows as an operation goes on: which of two readings is the later one. */
function order(operation: Operation): number {
  const steps = operation.steps.reduce((sum, step) => sum + step.evidence.length + (step.startedAt ? 1 : 0) + (step.finishedAt ? 1 : 0), 0);
  return steps + (terminalOperationStatuses.includes(operation.status) ? 1_000_000 : 0);
}
