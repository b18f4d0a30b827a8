"use client";

import Link from "next/link";
import { useRef } from "react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import { IncidentIcon, IncidentState } from "#components/incident/incident-marks.tsx";
import { isOver, signalWords, whoIsOnIt } from "#components/incident/incident-words.ts";
import { useDeed } from "#components/incident/use-deed.ts";
import { Failure } from "#components/patterns/failure.tsx";
import { PageHead } from "#components/patterns/section.tsx";
import { Elapsed, Time } from "#components/patterns/time.tsx";
import { openDialog } from "#components/plan/plan-navigation.ts";
import { useActorId, useRefusal } from "#components/query/permissions.tsx";
import { useIncident } from "#components/query/use-incident.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Button, buttonClasses } from "#components/ui/button.tsx";

/** What is wrong, how bad, since when, who is on it, and what can be done about the incident itself. */
export function IncidentHead() {
  const { incident, refresh } = useIncident();
  const actions = usePortalActions();
  const refused = useRefusal();
  const me = useActorId();
  const { bigPods } = useSnapshot();
  const deed = useDeed();
  const state = useRef<HTMLDivElement>(null);
  const { number, environment, bigPod } = incident;
  const over = isOver(incident);
  const mine = incident.assignee?.id === me;
  const because = (doing: string) => (deed.sending ? "Being handed over…" : refused("incident.work", environment, `${doing} in ${environment}`));
  const run = async (work: () => ReturnType<typeof actions.incident.acknowledge>) => {
    if (!(await deed.run(work))) return;
    await refresh();
    // The button that was pressed is another one now, or gone: the keyboard stays where the news is.
    state.current?.focus({ preventScroll: true });
  };
  const where = bigPod === null ? environment : `${bigPods.find((known) => known.name === bigPod)?.title ?? bigPod} in ${environment}`;
  return (
    <div className="grid gap-3" data-incident={number} data-incident-status={incident.status}>
      <PageHead
        icon={<IncidentIcon incident={incident} className="size-[22px]" />}
        title={incident.title}
        actions={
          over ? (
            <a href={`/api/v1/incidents/${number}/postmortem`} download className={buttonClasses()}>
              Download the postmortem’s beginning
            </a>
          ) : (
            <>
              {incident.acknowledged === null ? (
                <Button tone="go" aria-keyshortcuts="a" disabledBecause={because("Acknowledging")} onClick={() => void run(() => actions.incident.acknowledge(number))}>
                  Acknowledge incident {number}
                </Button>
              ) : null}
              {mine ? (
                <Button disabledBecause={because("Giving it back")} onClick={() => void run(() => actions.incident.assign(number, { to: null }))}>
                  Give incident {number} back
                </Button>
              ) : (
                <Button disabledBecause={because("Taking incidents")} onClick={() => void run(() => actions.incident.assign(number, { to: "me" }))}>
                  {incident.assignee === null ? `Take incident ${number}` : `Take incident ${number} over from ${incident.assignee.name}`}
                </Button>
              )}
              <span className="grid grid-cols-2 gap-2 md:contents">
                <Button aria-haspopup="dialog" disabledBecause={because("Resolving")} onClick={() => openDialog("do", `resolve:${number}`)}>
                  Resolve incident {number}…
                </Button>
                <Button aria-haspopup="dialog" disabledBecause={because("Merging")} onClick={() => openDialog("do", `merge:${number}`)}>
                  Merge incident {number}…
                </Button>
              </span>
            </>
          )
        }
      >
        <div ref={state} tabIndex={-1} className="outline-none">
          <p>
            <b className="text-text">Incident {number}</b> · <IncidentState incident={incident} /> ·{" "}
            {bigPod === null ? (
              where
            ) : (
              <Link href={`/big-pods/${environment}/${bigPod}`} className="underline decoration-line-strong underline-offset-2 hover:text-text">
                {where}
              </Link>
            )}
          </p>
          <p>
            began <Time at={incident.onsetAt} />
            {over ? (
              <>
                , lasted <Elapsed from={incident.onsetAt} to={incident.resolved?.at ?? null} />
              </>
            ) : null}{" "}
            · <span className={over || incident.assignee || incident.acknowledged ? undefined : "text-warn"}>{over ? endOf(incident.status, incident.resolved?.by) : whoIsOnIt(incident)}</span> · {signalWords(incident)}
            {incident.reopened > 0 ? ` · reopened ${incident.reopened === 1 ? "once" : `${incident.reopened} times`}` : ""}
            {incident.manual ? " · opened by a person" : ""}
          </p>
        </div>
      </PageHead>
      {incident.mergedInto === null ? null : (
        <p className="rounded-lg border border-line-strong bg-sunk px-3 py-2 text-sm">
          It goes on as{" "}
          <Link href={`/incidents/${incident.mergedInto}`} className="font-semibold underline underline-offset-2">
            incident {incident.mergedInto}
          </Link>
          .
        </p>
      )}
      {deed.error ? <Failure error={deed.error} /> : null}
    </div>
  );
}

function endOf(status: string, by: string | undefined): string {
  if (status === "merged") return by === undefined ? "merged" : `merged by ${by}`;
  return by === undefined ? "resolved" : `resolved by ${by}`;
}
