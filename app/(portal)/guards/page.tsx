import type { Metadata } from "next";
import { attempt } from "#app/_read/attempt.ts";
import { readGuardRules } from "#app/_read/guards.ts";
import { BreakGlassUses } from "#components/break-glass/break-glass-uses.tsx";
import { GuardsView, NoGuards } from "#components/guards/guards-view.tsx";
import { Absence } from "#components/patterns/absence.tsx";
import { PageHead, Section } from "#components/patterns/section.tsx";
import { isAllowed } from "#lib/domain/access.ts";
import { requirePageActor } from "#lib/runtime/session.ts";
import { getRuntime } from "#lib/runtime/wiring.ts";
import { listBreakGlass } from "#lib/services/break-glass/list.ts";

export const metadata: Metadata = { title: "Guards" };

/** What guards each environment, as configured, in words: so that a person can check it without waiting for the next promotion. */
export default async function GuardsPage() {
  const actor = await requirePageActor("/guards");
  const { context, config } = getRuntime();
  const visible = config.environments.map(({ name }) => name).filter((name) => isAllowed(actor.grants, "state.read", name));
  const uses = await attempt(listBreakGlass(context, actor));
  return (
    <>
      <PageHead title="Guards">
        <p>When promotions may run, what they have to pass, and how one goes back. Rollbacks are never held back by windows, freezes or approvals. All of it stands in vigie.yaml.</p>
      </PageHead>
      {visible.length === 0 ? <NoGuards /> : <GuardsView rules={readGuardRules(config, visible, context.clock.now())} />}
      <Section title="Break-glass, lately" id="break-glass">
        {uses.ok ? <BreakGlassUses uses={uses.value} /> : <Absence kind={uses.kind} title="The uses of break-glass cannot be shown">{uses.message}</Absence>}
      </Section>
    </>
  );
}
