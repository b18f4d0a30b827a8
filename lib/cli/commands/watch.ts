import { setTimeout as sleep } from "node:timers/promises";
import { streamEventSchema } from "#lib/contracts/stream.ts";
import type { StreamEvent } from "#lib/contracts/stream.ts";
import { incidentPresentation } from "#lib/domain/incident-status.ts";
import { healthPresentation, operationPresentation } from "#lib/domain/status.ts";
import { CommandEnd, exitCodes } from "#lib/cli/exit.ts";
import { inert, toned } from "#lib/cli/output.ts";
import type { Output } from "#lib/cli/output.ts";
import type { Session } from "#lib/cli/session.ts";
import { readEvents } from "#lib/cli/server-sent-events.ts";

const mostWaitMs = 15_000;

/** What moves, a line each, until Ctrl-C; with --json one stream event a line. Goes on where it was after a cut. */
export async function watch({ client, output, signal }: Session, options: { environment?: string }): Promise<number> {
  let last: string | null = null;
  let waitMs = 500;
  const shown = new Map<string, string>();
  while (!signal.aborted) {
    try {
      const body = await client.open("api/stream", "text/event-stream", signal, last === null ? {} : { "last-event-id": last });
      for await (const message of readEvents(body)) {
        waitMs = 500;
        if (message.id !== null) last = message.id;
        const event = streamEventSchema.safeParse({ type: message.event, data: safeJson(message.data) });
        if (!event.success) continue; // A newer portal may tell of more.
        if (event.data.type === "signed-out") throw new CommandEnd(exitCodes.refused, "unauthenticated", "The token is over.");
        tell(output, event.data, options.environment, shown);
      }
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof CommandEnd && error.exitCode !== exitCodes.unreachable) throw error;
      if (last === null) throw error;
      output.note("The stream was cut; connecting again…\n");
    }
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    waitMs = Math.min(mostWaitMs, waitMs * 2);
  }
  return exitCodes.done;
}

function tell(output: Output, event: StreamEvent, only: string | undefined, shown: Map<string, string>): void {
  if (event.type === "beat" || event.type === "ready") return;
  if (event.type === "snapshot") {
    for (const data of event.data.states) tell(output, { type: "state", data }, only, shown);
    for (const data of event.data.operations) tell(output, { type: "operation", data }, only, shown);
    return;
  }
  if (event.type === "signed-out" || (only !== undefined && event.data.environment !== only)) return;
  const said = line(output, event);
  if (said === null) return;
  const [key, text, at] = said;
  if (shown.get(key) === text) return;
  shown.set(key, text);
  output.write(output.json ? `${JSON.stringify(event)}\n` : `${at}  ${text}\n`);
}

/** What it is about, its line and its time; null for what only programs want. */
function line(output: Output, event: Exclude<StreamEvent, { type: "snapshot" | "ready" | "beat" | "signed-out" }>): [string, string, string] | null {
  const { type, data } = event;
  switch (type) {
    case "state": {
      const { word, tone } = healthPresentation[data.status];
      return [`state/${data.environment}/${data.bigPod}`, `${data.bigPod} in ${data.environment} is ${toned(output, tone, word)}${data.rollout === null ? "" : ` ${data.rollout.done}/${data.rollout.total}`}${data.cause === null ? "" : `: ${inert(data.cause)}`}`, data.observedAt];
    }
    case "operation":
      return [`operation/${data.id}`, `${inert(data.title)}: ${toned(output, operationPresentation[data.status].tone, operationPresentation[data.status].word)}${data.note === null ? "" : `, ${inert(data.note)}`}`, data.finishedAt ?? data.startedAt ?? data.requestedAt];
    case "change":
      return [`change/${data.id}`, `${inert(data.summary)} in ${data.environment}, by ${inert(data.by)}`, data.at];
    case "release":
      return [`release/${data.environment}`, `${data.environment} runs R-${data.release}${data.settled ? "" : " (not settled)"}`, data.since];
    case "source":
      return data.required && data.status !== "live" ? [`source/${data.key}`, `${inert(data.title)}: ${data.status}${data.reason === null ? "" : `, ${inert(data.reason)}`}`, data.since] : [`source/${data.key}`, `${inert(data.title)}: ${data.status}`, data.since];
    case "incident":
      return [`incident/${data.id}`, `incident ${data.number} in ${data.environment}: ${toned(output, incidentPresentation[data.status].tone, incidentPresentation[data.status].word)}, ${data.severity}: ${inert(data.title)}`, data.resolved?.at ?? data.openedAt];
    case "guard":
      return output.json ? [`guard/${data.environment}`, JSON.stringify(data), ""] : null;
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
