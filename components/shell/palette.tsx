"use client";

import { Command } from "cmdk";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { usePortalActions } from "#components/actions/actions-context.tsx";
import { historyHref, momentOf } from "#components/history/span.ts";
import { pipelineGaps } from "#components/overview/gaps.ts";
import { rollbackTarget } from "#components/overview/remedy-action.ts";
import { OperationIcon } from "#components/patterns/status.tsx";
import { StatusIcon } from "#components/patterns/status-icon.tsx";
import { openDialog, openPlan } from "#components/plan/plan-navigation.ts";
import type { PlanOrigin } from "#components/plan/plan-navigation.ts";
import type { PlanRequest } from "#lib/contracts/operation.ts";
import { healthPresentation } from "#lib/domain/status.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import { serverNowMs } from "#components/query/server-clock.ts";
import { useTrails } from "#components/query/trail.ts";
import { usePlatformView } from "#components/query/use-view.ts";
import { Group, Item } from "#components/shell/palette-item.tsx";
import { IncidentItems } from "#components/shell/palette-incidents.tsx";
import { GuardItems } from "#components/shell/palette-guards.tsx";
import { leave } from "#components/shell/leave.ts";
import { places } from "#components/shell/places.ts";
import { setTheme, themes } from "#components/shell/theme.ts";
import { Dialog } from "#components/ui/dialog.tsx";

/** How far back a few letters lead; the slider on the overview goes anywhere. */
const lookBacks = [
  { title: "15 minutes", ms: 900_000 },
  { title: "an hour", ms: 3_600_000 },
  { title: "a day", ms: 86_400_000 },
] as const;

/** Everything there is to see and to do, by typing a few letters of it. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const router = useRouter();
  const actions = usePortalActions();
  const refused = useRefusal();
  const trails = useTrails();
  const view = usePlatformView();
  // As of when it was opened: a list must not move under the hand.
  const [{ snapshot, states }] = useState(view);

  const go = (href: string) => () => {
    onClose();
    router.push(href);
  };
  const plan = (request: PlanRequest, origin?: PlanOrigin) => () => {
    onClose();
    // After the dialog gave focus back, so that the plan's returns to where the person was.
    requestAnimationFrame(() => openPlan(request, origin));
  };
  const deed = (what: string) => () => {
    onClose();
    requestAnimationFrame(() => openDialog("do", what));
  };
  const cells = snapshot.environments.flatMap((environment) => snapshot.bigPods.map((bigPod) => ({ environment, bigPod, state: states.find((state) => state.environment === environment.name && state.bigPod === bigPod.name) })));

  return (
    <Dialog title="Search or do anything" onClose={onClose} className="mt-[12dvh] w-[min(38rem,calc(100vw-1.5rem))] overflow-hidden">
      <Command label="Search or do anything" loop className="flex max-h-[min(28rem,70dvh)] flex-col">
        <Command.Input data-autofocus placeholder="Search or do…" className="w-full border-b border-line bg-transparent px-4 py-3 text-lg text-text outline-none placeholder:text-faint" />
        <Command.List className="overflow-y-auto overscroll-contain p-2">
          <Command.Empty className="px-3 py-6 text-center text-muted">Nothing here is called that.</Command.Empty>
          <Group heading="Do">
            <IncidentItems snapshot={snapshot} trails={trails} go={go} deed={deed} plan={plan} />
            {pipelineGaps(snapshot, states, refused).map((gap) => (gap.promote ? <Item key={gap.promote.title} onSelect={plan(gap.promote.request)} disabledBecause={gap.promote.disabledBecause}>{gap.promote.title}</Item> : null))}
            {snapshot.environments.map(({ name }) => {
              const release = rollbackTarget(name, snapshot.releases, trails);
              return release === null ? null : (
                <Item key={name} onSelect={plan({ kind: "rollback", environment: name, release })} disabledBecause={refused("operation.request.rollback", name, `Rolling back ${name}`)}>
                  Roll back {name} to R-{release}
                </Item>
              );
            })}
            {cells.map(({ environment, bigPod }) => (
              <Item key={`${environment.name}/${bigPod.name}`} onSelect={plan({ kind: "restart", environment: environment.name, bigPods: [bigPod.name] })} disabledBecause={refused("operation.request.restart", environment.name, `Restarting in ${environment.name}`)}>
                Restart {bigPod.title} in {environment.name}
              </Item>
            ))}
            {cells.map(({ environment, bigPod }) => (
              <Item key={`${environment.name}/${bigPod.name}`} onSelect={go(`/big-pods/${environment.name}/${bigPod.name}#scale`)} disabledBecause={refused("operation.request.scale", environment.name, `Scaling in ${environment.name}`)}>
                Scale {bigPod.title} in {environment.name}…
              </Item>
            ))}
            <GuardItems snapshot={snapshot} go={go} deed={deed} plan={plan} />
          </Group>
          <Group heading="Go to">
            {places.map(({ href, title }) => (
              <Item key={href} onSelect={go(href)}>
                {href === "/guards" ? "Guards: windows, freezes, approvals, checks" : title}
              </Item>
            ))}
            {lookBacks.map(({ title, ms }) => (
              <Item key={title} onSelect={() => go(historyHref("/", momentOf(serverNowMs() - ms), null))()}>
                Overview {title} ago
              </Item>
            ))}
            {cells.map(({ environment, bigPod, state }) => {
              const { tone, shape, word } = healthPresentation[state?.status ?? "unknown"];
              return (
                <Item key={`${environment.name}/${bigPod.name}`} onSelect={go(`/big-pods/${environment.name}/${bigPod.name}`)}>
                  <StatusIcon shape={shape} tone={tone} />
                  {bigPod.title} in {environment.name} <span className="ml-auto text-xs text-muted">{word}</span>
                </Item>
              );
            })}
            {snapshot.environments.map(({ name }) => (
              <Item key={name} onSelect={go(`/releases?environment=${name}`)}>
                Releases of {name}
              </Item>
            ))}
            {snapshot.operations.slice(0, 10).map((operation) => (
              <Item key={operation.id} onSelect={go(`/operations/${operation.id}`)}>
                <OperationIcon status={operation.status} />
                {operation.title} <span className="ml-auto text-xs text-muted">operation, {operation.status}</span>
              </Item>
            ))}
          </Group>
          <Group heading="Vigie">
            {themes.map((theme) => (
              <Item key={theme} onSelect={() => { setTheme(theme); onClose(); }}>
                Theme: {theme}
              </Item>
            ))}
            <Item onSelect={() => { onClose(); requestAnimationFrame(onHelp); }}>Show the keys</Item>
            <Item onSelect={() => void leave(actions)}>Sign out</Item>
          </Group>
        </Command.List>
      </Command>
    </Dialog>
  );
}
