import { Activity, LayoutGrid, Package, ScrollText, Settings, ShieldCheck, Siren } from "lucide-react";

/** Where one can go, and the second key of "g …". On a phone those without `thumb` stand behind "More". */
export const places = [
  { href: "/", title: "Overview", key: "o", Icon: LayoutGrid, thumb: true },
  { href: "/incidents", title: "Incidents", key: "i", Icon: Siren, thumb: true },
  { href: "/operations", title: "Operations", key: "p", Icon: Activity, thumb: true },
  { href: "/releases", title: "Releases", key: "r", Icon: Package, thumb: true },
  { href: "/guards", title: "Guards", key: "u", Icon: ShieldCheck, thumb: false },
  { href: "/audit", title: "Audit", key: "a", Icon: ScrollText, thumb: false },
  { href: "/settings", title: "Settings", key: "s", Icon: Settings, thumb: false },
] as const;

export function isAt(href: string, pathname: string): boolean {
  if (href === "/") return pathname === "/" || pathname.startsWith("/big-pods");
  return pathname === href || pathname.startsWith(`${href}/`);
}
