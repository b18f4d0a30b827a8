import type { HistoricState, Strip } from "#lib/contracts/history.ts";
import type { BigPodState } from "#lib/contracts/state.ts";
import type { HealthStatus } from "#lib/domain/status.ts";
import { worstHealth } from "#lib/domain/status.ts";

/** What of a state is kept, and whose change is a new row: restarts, pods and evidence are not, or a flapping pod would fill the table. */
export function historicState(state: BigPodState): HistoricState {
  const { status, cause, version, since, replicas, rollout, services } = state;
  return { status, cause, version, since, replicas, rollout, services: services.map(({ name, status: one, detail }) => ({ name, status: one, detail })) };
}

export interface StatusMark {
  at: number;
  status: HealthStatus;
}

/**
 * Spans of one colour from marks in the order of time. `from` and `to` in epoch milliseconds; a mark before `from` tells what held then.
 * At most `buckets` spans: what is shorter than a bucket is joined with its bucket, and the worst of it shows. Before the first mark nothing is known: no span.
 */
export function stripOf(marks: readonly StatusMark[], from: number, to: number, buckets: number): Strip["spans"] {
  const exact: { from: number; to: number; status: HealthStatus }[] = [];
  for (const [index, mark] of marks.entries()) {
    const begin = Math.max(from, mark.at);
    const end = Math.min(to, marks[index + 1]?.at ?? to);
    if (end <= begin) continue;
    const last = exact.at(-1);
    if (last !== undefined && last.status === mark.status && last.to === begin) last.to = end;
    else exact.push({ from: begin, to: end, status: mark.status });
  }
  return (exact.length <= buckets ? exact : bucketed(exact, from, to, buckets)).map((span) => ({ from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString(), status: span.status }));
}

function bucketed(exact: readonly { from: number; to: number; status: HealthStatus }[], from: number, to: number, buckets: number): { from: number; to: number; status: HealthStatus }[] {
  const width = (to - from) / buckets;
  const joined: { from: number; to: number; status: HealthStatus }[] = [];
  let next = 0;
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const [begin, end] = [from + bucket * width, from + (bucket + 1) * width];
    while ((exact[next]?.to ?? Number.POSITIVE_INFINITY) <= begin) next += 1;
    const inside = [];
    for (let index = next; (exact[index]?.from ?? Number.POSITIVE_INFINITY) < end; index += 1) inside.push(exact[index]);
    const spans = inside.flatMap((span) => span ?? []);
    if (spans.length === 0) continue;
    const status = worstHealth(spans.map((span) => span.status));
    const last = joined.at(-1);
    const start = Math.max(begin, spans[0]?.from ?? begin);
    if (last !== undefined && last.status === status && last.to === start) last.to = end;
    else joined.push({ from: start, to: end, status });
  }
  return joined;
}
