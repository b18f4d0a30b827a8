"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { terminalOperationStatuses } from "#lib/domain/status.ts";
import { useSnapshot } from "#components/query/use-platform.ts";
import { isAt, places } from "#components/shell/places.ts";
import { VigieMark } from "#components/shell/mark.tsx";
import { classes } from "#components/ui/classes.ts";

/** A column at the left; below 760 px a bar at the bottom, under the thumb. */
export function Nav() {
  const pathname = usePathname();
  const active = useSnapshot().operations.filter((operation) => !terminalOperationStatuses.includes(operation.status)).length;
  return (
    <nav aria-label="Main" className="border-line bg-sunk max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-30 max-md:border-t max-md:pb-[env(safe-area-inset-bottom)] md:sticky md:top-0 md:h-dvh md:border-r md:px-2.5 md:py-3.5">
      <Link href="/" className="flex items-center gap-2.5 px-2 pt-1 pb-4 text-lg font-semibold max-md:hidden">
        <VigieMark />
        Vigie
      </Link>
      <ul className="max-md:grid max-md:grid-cols-5 md:grid md:gap-0.5">
        {places.map(({ href, title, Icon }) => {
          const here = isAt(href, pathname);
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={here ? "page" : undefined}
                className={classes(
                  "relative flex items-center gap-2.5 rounded-md max-md:min-h-14 max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:text-2xs md:px-2 md:py-1.5",
                  here ? "text-text md:bg-panel md:shadow-[inset_0_0_0_1px_var(--line)]" : "text-muted hover:text-text",
                )}
              >
                <Icon aria-hidden className="size-4 max-md:size-5" />
                {title}
                {href === "/operations" && active > 0 ? (
                  <span className="text-xs font-semibold text-busy max-md:absolute max-md:top-1.5 max-md:left-1/2 max-md:ml-3 md:ml-auto">
                    {active}
                    <span className="sr-only"> not finished</span>
                  </span>
                ) : null}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
