import type { ReactNode } from "react";

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="rounded border border-line-strong px-1.5 font-sans text-2xs text-faint">{children}</kbd>;
}
