"use client";

import { Ellipsis } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { openIncidents } from "#components/incident/incident-words.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { isAt, places } from "#components/shell/places.ts";
import { VigieMark } from "#components/shell/mark.tsx";
import { classes } from "#components/ui/classes.ts";

const narrowItem = "max-md:min-h-14 max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:text-2xs";

/** A column at the left; below 760 px a bar at the bottom, under the thumb, with what is seldom wanted behind "More". */
export function Nav() {
  const pathname = usePathname();
  const { operations, incidents } = useSnapshot();
  const active = operations.filter((operation) => !terminalOperationStatuses.includes(operation.status)).length;
  const open = openIncidents(incidents).length;
  const hidden = places.filter(({ thumb }) => !thumb);
  const among = hidden.find(({ href }) => isAt(href, pathname));
  return (
    <nav aria-label="Main" className="border-line bg-sunk max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-30 max-md:border-t max-md:pb-[env(safe-area-inset-bottom)] md:sticky md:top-0 md:h-dvh md:border-r md:px-2.5 md:py-3.5">
      <Link href="/" className="flex items-center gap-2.5 px-2 pt-1 pb-4 text-lg font-semibold max-md:hidden">
        <VigieMark />
        Vigie
      </Link>
      <ul className="max-md:grid max-md:grid-cols-5 md:grid md:gap-0.5">
        {places.map(({ href, title, Icon, thumb }) => {
          const here = isAt(href, pathname);
          return (
            <li key={href} className={thumb ? undefined : "max-md:hidden"}>
              <Link
                href={href}
                aria-current={here ? "page" : undefined}
                className={classes("relative flex items-center gap-2.5 rounded-md md:px-2 md:py-1.5", narrowItem, here ? "text-text md:bg-panel md:shadow-[inset_0_0_0_1px_var(--line)]" : "text-muted hover:text-text")}
              >
                <Icon aria-hidden className="size-4 max-md:size-5" />
                {title}
                {href === "/operations" && active > 0 ? <Count of={active} meaning="not finished" tone="text-busy" /> : null}
                {href === "/incidents" && open > 0 ? <Count of={open} meaning="open" tone="text-bad" /> : null}
              </Link>
            </li>
          );
        })}
        <li className="md:hidden">
          <button type="button" popoverTarget="more-places" className={classes("flex w-full items-center", narrowItem, among ? "text-text" : "text-muted")}>
            <Ellipsis aria-hidden className="size-5" />
            {among?.title ?? "More"}
          </button>
        </li>
      </ul>
      <div id="more-places" popover="auto" className="inset-x-auto top-auto right-3 bottom-17 m-0 w-48 rounded-[10px] border border-line-strong bg-panel p-1.5 text-text shadow-[0_12px_40px_var(--shadow)] md:hidden">
        <ul>
          {hidden.map(({ href, title, Icon }) => (
            <li key={href}>
              <Link href={href} aria-current={isAt(href, pathname) ? "page" : undefined} onClick={(event) => event.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover()} className="flex min-h-11 items-center gap-2.5 rounded-md px-2.5 hover:bg-raised">
                <Icon aria-hidden className="size-4" />
                {title}
              </Link>
            </li>
          ))}
        </ul>
      </div>
    </nav>
  );
}

function Count({ of, meaning, tone }: { of: number; meaning: string; tone: string }) {
  return (
    <span className={classes("text-xs font-semibold max-md:absolute max-md:top-1.5 max-md:left-1/2 max-md:ml-3 md:ml-auto", tone)}>
      {of}
      <span className="sr-only"> {meaning}</span>
    </span>
  );
}
