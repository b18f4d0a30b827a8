import { Activity, LayoutGrid, Package, ScrollText, Settings } from "lucide-react";

/** Where one can go, and the second key of "g …". */
export const places = [
  { href: "/", title: "Overview", key: "o", Icon: LayoutGrid },
  { href: "/operations", title: "Operations", key: "p", Icon: Activity },
  { href: "/releases", title: "Releases", key: "r", Icon: Package },
  { href: "/audit", title: "Audit", key: "a", Icon: ScrollText },
  { href: "/settings", title: "Settings", key: "s", Icon: Settings },
] as const;

export function isAt(href: string, pathname: string): boolean {
  if (href === "/") return pathname === "/" || pathname.startsWith("/big-pods");
  return pathname === href || pathname.startsWith(`${href}/`);
}
