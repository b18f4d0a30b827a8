"use client";

import { openDialog } from "#components/plan/plan-navigation.ts";
import { useRefusal } from "#components/query/permissions.tsx";
import { useSnapshot } from "#components/query/use-platform.ts";
import { Button } from "#components/ui/button.tsx";

/** For what people report and no alert does. */
export function OpenIncidentButton() {
  const refused = useRefusal();
  const { environments } = useSnapshot();
  const anywhere = environments.some(({ name }) => refused("incident.work", name, "") === null);
  return (
    <Button aria-haspopup="dialog" disabledBecause={anywhere ? null : refused("incident.work", environments.at(-1)?.name ?? null, "Opening incidents")} onClick={() => openDialog("do", "open-incident")}>
      Open an incident…
    </Button>
  );
}
