import Link from "next/link";
import { classes } from "#components/ui/classes.ts";

/** Links that choose an environment by the address. `all` null leaves "all" out. */
export function EnvironmentTabs({ environments, chosen, hrefs, all }: { environments: readonly { name: string; title: string }[]; chosen: string | null; /** Address by environment; "" for all. */ hrefs: Readonly<Record<string, string>>; all: string | null }) {
  const tabs = [...(all === null ? [] : [{ name: null, title: all }]), ...environments];
  return (
    <nav aria-label="Environments" className="flex flex-wrap gap-1 border-b border-line pb-2">
      {tabs.map(({ name, title }) => (
        <Link key={name ?? ""} href={hrefs[name ?? ""] ?? ""} aria-current={chosen === name ? "true" : undefined} className={classes("inline-flex min-h-8 items-center rounded-md px-2.5 text-sm max-md:min-h-11", chosen === name ? "bg-raised font-semibold text-text" : "text-muted hover:text-text")}>
          {title}
        </Link>
      ))}
    </nav>
  );
}
