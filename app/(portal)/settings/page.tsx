import type { Metadata } from "next";
import Link from "next/link";
import { cookies } from "next/headers";
import { sendChannelTest, sendNotificationAgain } from "#app/_actions/notification.ts";
import { revokeOtherSessions, revokeSession } from "#app/_actions/sessions.ts";
import { createToken, revokeToken } from "#app/_actions/token.ts";
import { attempt } from "#app/_read/attempt.ts";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { Configuration, summarise } from "#components/settings/configuration.tsx";
import { Notifications } from "#components/settings/notifications.tsx";
import { Sessions } from "#components/settings/sessions.tsx";
import { Sources } from "#components/settings/sources.tsx";
import { Tokens } from "#components/settings/tokens.tsx";
import { readTheme, themeCookie } from "#components/shell/theme.ts";
import { ThemeToggle } from "#components/shell/theme-toggle.tsx";
import { isAllowed, rolesThatMay } from "#lib/domain/access.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { listNotifications } from "#lib/services/notification/list.ts";
import { listSessions } from "#lib/services/session/list.ts";
import { listTokens } from "#lib/services/token/list.ts";

export const metadata: Metadata = { title: "Settings" };

export default async function SettingsPage() {
  const actor = await requirePageActor("/settings");
  const { context, config } = getRuntime();
  const theme = readTheme((await cookies()).get(themeCookie)?.value);
  // Asked beforehand: opening one's settings is no attempt at reading tokens that belongs into the audit log.
  const mayTokens = isAllowed(actor.grants, "token.read", null);
  const tokens = mayTokens ? await attempt(listTokens(context, actor)) : null;
  const notifications = isAllowed(actor.grants, "incident.read", null) ? await attempt(listNotifications(context, actor)) : null;
  const sessions = await attempt(listSessions(context, actor));
  const visible = config.environments.filter(({ name }) => isAllowed(actor.grants, "state.read", name));
  return (
    <>
      <PageHead title="Settings" />
      <Section title="You">
        <dl className="grid border-t border-line text-sm md:grid-cols-[140px_minmax(0,1fr)]">
          <dt className="text-muted md:border-b md:border-line md:py-2 max-md:pt-2">Name</dt>
          <dd className="border-b border-line pb-2 md:py-2">{actor.name}</dd>
          <dt className="text-muted md:border-b md:border-line md:py-2 max-md:pt-2">Roles</dt>
          <dd className="border-b border-line pb-2 md:py-2">
            <ul>
              {actor.grants.map((grant) => (
                <li key={`${grant.role} ${String(grant.environments)}`}>
                  {grant.role} <span className="text-muted">{grant.environments === "*" ? "in every environment" : `in ${grant.environments.join(", ")}`}</span>
                </li>
              ))}
            </ul>
          </dd>
          <dt className="self-center text-muted md:py-2 max-md:pt-2">Theme</dt>
          <dd className="pb-2 md:py-2">
            <ThemeToggle initial={theme} />
          </dd>
        </dl>
      </Section>
      <Section title="Sessions" aside="where you are signed in">
        {sessions.ok ? (
          <Sessions sessions={sessions.value} revoke={revokeSession} revokeOthers={revokeOtherSessions} />
        ) : (
          <Absence kind={sessions.kind} title="Your sessions cannot be shown">
            {sessions.message}
          </Absence>
        )}
      </Section>
      <Section title="Sources" aside="what Vigie watches and asks">
        <Sources />
      </Section>
      <Section title="Notifications" aside="who is told of incidents">
        {notifications === null ? (
          <Absence kind="forbidden" title={`Notifications are for the role ${rolesThatMay("incident.read").join(" or ")}`} />
        ) : notifications.ok ? (
          <Notifications initial={notifications.value} sendTest={sendChannelTest} sendAgain={sendNotificationAgain} />
        ) : (
          <Absence kind={notifications.kind} title="The channels cannot be shown">
            {notifications.message}
          </Absence>
        )}
      </Section>
      <Section title="API tokens">
        {tokens === null ? (
          <Absence kind="forbidden" title={`API tokens are for the role ${rolesThatMay("token.read").join(" or ")}`} />
        ) : tokens.ok ? (
          <Tokens tokens={tokens.value} environments={config.environments.map(({ name }) => name)} create={createToken} revoke={revokeToken} />
        ) : (
          <Absence kind={tokens.kind} title="The tokens cannot be shown">
            {tokens.message}
          </Absence>
        )}
      </Section>
      <Section title="Configuration" aside="vigie.yaml, without secrets">
        <p className="pb-2 text-sm">
          When promotions may run and what they have to pass stands on a page of its own:{" "}
          <Link href="/guards" className="underline decoration-line-strong underline-offset-2">
            Guards
          </Link>
        </p>
        <Configuration summary={summarise({ ...config, environments: visible })} />
      </Section>
    </>
  );
}
