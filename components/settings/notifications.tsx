"use client";

import { useState } from "react";
import type { DeadLetter, NotificationChannelState, NotificationsResponse } from "#lib/contracts/notification.ts";
import { connectionLost } from "#components/actions/actions-context.tsx";
import type { ActionError, ActionResult } from "#components/actions/contract.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { Failure } from "#components/patterns/failure.tsx";
import { Mark } from "#components/patterns/status.tsx";
import { Time } from "#components/patterns/time.tsx";
import { useRefusal } from "#components/query/permissions.tsx";
import { usePolledNotifications } from "#components/settings/use-polled-notifications.ts";
import { Button } from "#components/ui/button.tsx";

interface NotificationsProps {
  initial: NotificationsResponse;
  sendTest: (channel: string) => Promise<ActionResult<{ id: string }>>;
  sendAgain: (id: string) => Promise<ActionResult<{ id: string }>>;
}

/** Each channel with how it is, and what could not be told. */
export function Notifications({ initial, sendTest, sendAgain }: NotificationsProps) {
  const [error, setError] = useState<ActionError | null>(null);
  const [sending, setSending] = useState<string | null>(null);
  const { channels, dead, lookSoon } = usePolledNotifications(initial);
  const press = async (what: string, deed: () => Promise<ActionResult<{ id: string }>>) => {
    if (sending !== null) return;
    setSending(what);
    const result = await deed().catch(() => ({ ok: false as const, error: connectionLost }));
    setSending(null);
    setError(result.ok ? null : result.error);
    if (result.ok) lookSoon();
  };
  if (channels.length === 0 && dead.length === 0) return <Absence kind="empty" title="Nobody is told of incidents">Add Slack, e-mail or a webhook under notifications in vigie.yaml; docs/notifications.md shows how.</Absence>;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      {error ? <Failure error={error} /> : null}
      <ul className="border-t border-line text-sm" aria-label="Channels of notifications">
        {channels.map((channel) => (
          <Channel key={channel.name} channel={channel} sending={sending === channel.name} onTest={() => void press(channel.name, () => sendTest(channel.name))} />
        ))}
      </ul>
      {dead.length === 0 ? null : (
        <div>
          <h3 className="pb-1 text-sm font-semibold">Could not be told</h3>
          <ul className="border-t border-line text-sm" aria-label="Dead letters">
            {dead.map((letter) => (
              <Letter key={letter.id} letter={letter} sending={sending === letter.id} onAgain={() => void press(letter.id, () => sendAgain(letter.id))} />
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

const kinds = { slack: "Slack", email: "e-mail", webhook: "webhook" } as const;

function Channel({ channel, sending, onTest }: { channel: NotificationChannelState; sending: boolean; onTest: () => void }) {
  const refused = useRefusal();
  const { name, kind, to, from, environments, lastSentAt, failing, notBefore, waiting } = channel;
  const disabledBecause = sending ? "Being sent…" : refused("incident.work", null, "Sending a test");
  return (
    <li data-channel={name} className="grid items-start gap-x-3 gap-y-1 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)_auto]">
      {failing !== null ? <Mark tone="bad" shape="octagon" word="failing" strong /> : lastSentAt !== null ? <Mark tone="ok" shape="check" word="works" /> : <Mark tone="unknown" shape="question" word="never used" />}
      <span className="min-w-0 [overflow-wrap:anywhere]">
        <b>{name}</b>{" "}
        <span className="text-muted">
          {kinds[kind]} to {to}, {from === "info" ? "all severities" : `${from}${from === "critical" ? " only" : " and worse"}`}
          {environments === null ? "" : `, of ${environments.join(", ")}`}
        </span>
        {failing === null ? null : (
          <span className="block text-xs text-bad">
            Since <Time at={failing.since} />: {failing.sentence} <span className="text-faint">(last tried <Time at={failing.at} />)</span>
          </span>
        )}
        <span className="block text-xs text-muted">
          {lastSentAt === null ? "Nothing was sent yet" : <>Last sent <Time at={lastSentAt} /></>}
          {waiting === 0 ? null : ` · ${waiting} waiting`}
          {notBefore === null ? null : " · it asked to be left alone for a while"}
        </span>
      </span>
      <Button size="small" disabledBecause={disabledBecause} onClick={onTest}>
        Send a test<span className="sr-only"> by {name}</span>
      </Button>
    </li>
  );
}

function Letter({ letter, sending, onAgain }: { letter: DeadLetter; sending: boolean; onAgain: () => void }) {
  const refused = useRefusal();
  const { id, channel, kind, incident, deadAt, attempts, sentence } = letter;
  const disabledBecause = sending ? "Being sent…" : refused("incident.work", incident?.environment ?? null, "Sending it again");
  return (
    <li data-letter={id} className="grid items-start gap-x-3 gap-y-1 border-b border-line py-2 md:grid-cols-[140px_minmax(0,1fr)_auto]">
      <span className="text-muted">{channel}</span>
      <span className="min-w-0 [overflow-wrap:anywhere]">
        {incident === null ? (
          "A test of the channel"
        ) : (
          <>
            <a href={`/incidents/${incident.number}`} className="underline decoration-line-strong underline-offset-2">
              #{incident.number}
            </a>{" "}
            {kind}: {incident.title}
          </>
        )}
        <span className="block text-xs text-muted">
          {sentence} Given up <Time at={deadAt} />, after {attempts === 1 ? "one attempt" : `${attempts} attempts`}.
        </span>
      </span>
      <Button size="small" disabledBecause={disabledBecause} onClick={onAgain}>
        Send again
      </Button>
    </li>
  );
}
