"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import type { ReactNode } from "react";
import type { ActionError } from "#components/actions/contract.ts";
import { connectionLost } from "#components/actions/actions-context.tsx";

const fetchTimeoutMs = 10_000;

/** What a call was answered with instead of what it asked for. */
export class CallFailed extends Error {
  readonly answer: ActionError;
  constructor(answer: ActionError) {
    super(answer.message);
    this.answer = answer;
  }
}

/** The error of a query as people need it. */
export function failureOf(error: Error): ActionError {
  return error instanceof CallFailed ? error.answer : { ...connectionLost, message: "Vigie did not answer. Try again in a moment." };
}

/** Reads from the API of this portal. Throws CallFailed with the server's sentence, or what fetch throws. */
export async function readApi<Answer>(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`, { signal: AbortSignal.any([signal, AbortSignal.timeout(fetchTimeoutMs)]), headers: { accept: "application/json" } });
  const body: unknown = await response.json();
  // Safe: our own server's answers, made from the schemas that both types are inferred from.
  if (!response.ok) throw new CallFailed((body as { error: ActionError }).error);
  return body as Answer;
}

/** The client of the history sections. It comes with them, so that the first load of a page does without it. */
export function HistoryQueries({ children }: { children: ReactNode }) {
  const [client] = useState(
    () => new QueryClient({ defaultOptions: { queries: { staleTime: 30_000, retry: (count, error) => count < 2 && !(error instanceof CallFailed && error.answer.code !== "unavailable") } } }),
  );
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
