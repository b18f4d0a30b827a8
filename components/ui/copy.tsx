"use client";

import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { classes } from "#components/ui/classes.ts";

/** Text that a click copies whole, even when only its beginning is shown. `label` says what is copied. */
export function Copy({ text, label, children, className }: { text: string; label: string; children: ReactNode; className?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      title={text}
      className={classes("group inline-flex max-w-full items-center gap-1 rounded text-left hover:text-text", className)}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false))}
    >
      <span className="truncate">{children}</span>
      <span className="sr-only">, {copied ? "copied" : `copy ${label}`}</span>
      {copied ? <Check aria-hidden className="size-3 shrink-0 text-ok" /> : <CopyIcon aria-hidden className="size-3 shrink-0 text-faint group-hover:text-text" />}
    </button>
  );
}
