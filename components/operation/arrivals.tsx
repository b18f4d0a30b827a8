"use client";

import type { Operation } from "#lib/contracts/operation.ts";
import type { PodState } from "#lib/contracts/state.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import type { Shape, Tone } from "#lib/domain/status.ts";
import { ColourChip } from "#components/patterns/colour-chip.tsx";
import { Section } from "#components/patterns/section.tsx";
import { StatusIcon, toneText } from "#components/patterns/status-icon.tsx";
import { Health } from "#components/patterns/status.tsx";
import { usePlatformView } from "#components/query/use-view.ts";

/** The pods of what is being changed, as they come and go. */
export function Arrivals({ operation }: { operation: Operation }) {
  const { snapshot, states, now } = usePlatformView();
  const touched = operation.plan.changes.filter((change) => change.effect !== "unchanged");
  if (touched.length === 0) return null;
  return (
    <Section title={`${operation.environment} now`} aside="live">
      <ul className="border-t border-line">
        {touched.map(({ bigPod }) => {
          const state = states.find((known) => known.environment === operation.environment && known.bigPod === bigPod);
          const mixed = state?.pods.some((pod) => !pod.current) ?? false;
          return (
            <li key={bigPod} className="border-b border-line py-2" data-arrivals={bigPod}>
              <div className="flex flex-wrap items-baseline justify-between gap-x-3">
                <b>{snapshot.bigPods.find((known) => known.name === bigPod)?.title ?? bigPod}</b>
                {state ? <Health status={state.status} suffix={state.rollout ? `${state.rollout.done}/${state.rollout.total}` : undefined} /> : <span className="text-muted">{healthPresentation.unknown.word}</span>}
              </div>
              {state?.colour ? <ColourChip colour={state.colour} now={now.getTime()} /> : null}
              {state?.cause ? <p className="text-xs">{state.cause}</p> : null}
              <ul className="mt-1 grid gap-0.5 text-xs text-muted">
                {(state?.pods ?? []).toSorted((a, b) => Number(b.current) - Number(a.current) || a.name.localeCompare(b.name)).map((pod) => {
                  const { tone, shape, word } = podMark(pod);
                  return (
                    <li key={pod.uid} className="flex items-center gap-1.5">
                      <StatusIcon shape={shape} tone={tone} />
                      <span className="min-w-0 truncate font-mono">{pod.name}</span>
                      <span className={toneText[tone]}>{word}</span>
                      {mixed ? <span className="ml-auto shrink-0 text-faint">{pod.current ? "new" : "old"}</span> : null}
                    </li>
                  );
                })}
              </ul>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

/** One pod in a word: leaving, ready, starting, or the reason it gives. */
export function podMark(pod: PodState): { tone: Tone; shape: Shape; word: string } {
  if (pod.terminating) return { tone: "unknown", shape: "pause", word: "leaving" };
  const failing = pod.services.find((service) => service.status === "down") ?? null;
  if (failing) return { tone: "bad", shape: "octagon", word: `${failing.name} down` };
  if (pod.phase === "Failed") return { tone: "bad", shape: "octagon", word: pod.reason ?? "failed" };
  if (pod.ready) return { tone: "ok", shape: "check", word: "ready" };
  const waiting = pod.containers.find((container) => container.state === "waiting" && container.reason && !/^(ContainerCreating|PodInitializing)$/.test(container.reason));
  if (waiting?.reason) return { tone: "bad", shape: "octagon", word: waiting.reason };
  return { tone: "busy", shape: "clock", word: pod.reason ?? (pod.phase === "Pending" ? "waiting" : "starting") };
}
