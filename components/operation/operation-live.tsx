"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef } from "react";
import type { Operation } from "#lib/contracts/operation.ts";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { OperationView } from "#components/operation/operation-view.tsx";

const refreshAtMostEveryMs = 700;

/** An operation as the server read it, kept current: the stream says that it moved, the page is read again. */
export function OperationLive({ operation }: { operation: Operation }) {
  const live = useSnapshot().operations.find((summary) => summary.id === operation.id);
  const router = useRouter();
  const seen = useRef(live);
  const refreshedAt = useRef(0);

  useEffect(() => {
    if (live === seen.current) return;
    seen.current = live;
    const wait = Math.max(0, refreshedAt.current + refreshAtMostEveryMs - performance.now());
    const timer = setTimeout(() => {
      refreshedAt.current = performance.now();
      router.refresh();
    }, wait);
    return () => clearTimeout(timer);
  }, [live, router]);

  // The summary may be ahead of the steps for a moment; an outcome never goes back to running.
  const ahead = live && !terminalOperationStatuses.includes(operation.status) ? live : null;
  return <OperationView operation={ahead ? { ...operation, ...ahead } : operation} />;
}
