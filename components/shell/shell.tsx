import { Suspense } from "react";
import type { ReactNode } from "react";
import { BreakGlassHost } from "#components/break-glass/break-glass-host.tsx";
import type { Person } from "#components/shell/account-menu.tsx";
import { BlindHost } from "#components/incident/blind-host.tsx";
import { Header } from "#components/shell/header.tsx";
import { Nav } from "#components/shell/nav.tsx";
import { Announcer } from "#components/shell/after-load.tsx";
import { Shortcuts } from "#components/shell/shortcuts.tsx";
import type { Theme } from "#components/shell/theme.ts";
import { PlanHost } from "#components/plan/plan-host.tsx";
import { TimeTipHost } from "#components/patterns/time-tip-host.tsx";

/** Frame of every page behind the sign-in. */
export function Shell({ person, theme, children }: { person: Person; theme: Theme; children: ReactNode }) {
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[196px_minmax(0,1fr)]">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-panel focus:px-3 focus:py-2">
        Skip to the content
      </a>
      <Nav />
      <div className="flex min-w-0 flex-col">
        <Header person={person} theme={theme} />
        <BlindHost />
        <main id="main" tabIndex={-1} className="grid w-full max-w-[1320px] gap-6 px-6 pt-5 pb-12 outline-none max-md:px-3.5 max-md:pb-24">
          {children}
        </main>
      </div>
      <Suspense>
        <PlanHost />
      </Suspense>
      <BreakGlassHost />
      <Shortcuts />
      <Announcer />
      <TimeTipHost />
    </div>
  );
}
